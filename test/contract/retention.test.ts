import assert from "node:assert/strict";
import { mkdir, readdir, readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { it } from "mocha";
import { seeded } from "#aggregation/random/random.js";
import { Retention } from "#hub/blobs/retention.js";
import { FileBlobStore } from "#hub/blobs/store.js";
import { holders } from "#hub/blobs/uses.js";
import { dropHolders, holdBlobs, recordBlob, wantedBlobs } from "#hub/store/blobs.js";
import type { Store } from "#hub/store/store.js";
import { deferred, sleep } from "#kernel/async.js";
import { systemClock } from "#kernel/clock.js";
import { hashBytes } from "#kernel/files.js";
import type { AssignmentId } from "#kernel/ids.js";
import { createLog, silentLog } from "#kernel/log.js";
import { temporaryFolders } from "#test/support/folders.js";
import { onEachStore } from "#test/support/stores.js";

const wantedIn = async (store: Store) => (await wantedBlobs(store.db)).map(({ sha256 }) => sha256);

/** What holds the bytes of an answer. */
const holderOf = (assignment: string) => holders.answer(assignment as AssignmentId);

onEachStore("retention of blobs", (newPlace) => {
  const folder = temporaryFolders();

  const open = async () => {
    const store = await (await newPlace())();
    const path = join(await folder(), "blobs");
    const blobs = await new FileBlobStore(path).open();
    const at = { nowMs: Date.now() };
    const lines: { level: number; blobs?: unknown }[] = [];
    const log = createLog("hub", "info", { write: (line) => void lines.push(JSON.parse(line) as never) });
    const clock = { ...systemClock, nowMs: () => at.nowMs };
    return { store, blobs, root: path, at, lines, retention: new Retention({ store, blobs, clock, log }) };
  };

  /** The answer of a site, whose bytes are `update`. */
  const seed = async (
    { store, blobs }: Pick<Awaited<ReturnType<typeof open>>, "store" | "blobs">,
    name: string,
    update: string,
  ) => {
    const bytes = Buffer.from(update);
    const sha256 = hashBytes(bytes);
    await blobs.put(bytes, sha256);
    const blob = { sha256, sizeBytes: bytes.length };
    await store.write(async ({ db }) => {
      await recordBlob(db, blob, 1);
      await holdBlobs(db, holderOf(name), [blob]);
    });
    return sha256;
  };

  it("removes the updates that have been folded, and nothing else", async () => {
    const hub = await open();
    const first = await seed(hub, "first", "one");
    const second = await seed(hub, "second", "two");
    await hub.store.write((tx) => hub.retention.drop(tx, [holderOf("first")]));
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [second]);
    await assert.rejects(hub.blobs.localPath(first), { code: "BLOB_NOT_FOUND" });
  });

  it("keeps an update that another round still needs", async () => {
    const hub = await open();
    const shared = await seed(hub, "first", "same");
    assert.equal(await seed(hub, "second", "same"), shared);
    await hub.store.write((tx) => hub.retention.drop(tx, [holderOf("first")]));
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [shared]);
    await hub.store.write((tx) => hub.retention.drop(tx, [holderOf("second")]));
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), []);
  });

  it("keeps a released blob that has been brought again before its file went", async () => {
    const hub = await open();
    const sha256 = await seed(hub, "first", "again");
    await hub.retention.whileKept([sha256], async () => {
      await hub.store.write((tx) => hub.retention.drop(tx, [holderOf("first")]));
      await hub.store.write(({ db }) => recordBlob(db, { sha256, sizeBytes: 5 }, 2));
    });
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [sha256]);
  });

  it("has nothing go, and holds what it held, where the transaction is undone", async () => {
    const hub = await open();
    const sha256 = await seed(hub, "first", "stays");
    const undone = hub.store.write(async (tx) => {
      await hub.retention.drop(tx, [holderOf("first")]);
      hub.retention.discardStaged(tx, "staged");
      throw new Error("undone");
    });
    await assert.rejects(undone, /undone/);
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [sha256]);
    assert.deepEqual(await wantedIn(hub.store), [sha256]);
  });

  it("lets a state go on to other blobs: those that it does not name any more go after the commit", async () => {
    const hub = await open();
    const [one, two] = [await seed(hub, "first", "one"), await seed(hub, "first", "two")];
    const blobs = [one, two].map((sha256) => ({ sha256, sizeBytes: 3 }));
    const hold = (...list: typeof blobs) =>
      hub.store.write((tx) => hub.retention.holdOnly(tx, holderOf("first"), list));
    await hold(...blobs);
    await hub.retention.idle();
    assert.deepEqual((await hub.blobs.list()).toSorted(), [one, two].toSorted());
    await hold(...blobs.slice(1));
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [two]);
  });

  it("keeps bytes while any of several brings them, also when another of them fails", async () => {
    const hub = await open();
    const bytes = Buffer.from("brought twice");
    const sha256 = hashBytes(bytes);
    const goOn = deferred();
    const slow = hub.retention.whileKept([sha256], async () => {
      await hub.blobs.put(bytes, sha256);
      await goOn.promise;
      await hub.store.write(({ db }) => recordBlob(db, { sha256, sizeBytes: bytes.length }, 1));
    });
    const failing = hub.retention.whileKept([sha256], () => Promise.reject(new Error("no row")));
    await assert.rejects(failing, /no row/);
    hub.retention.forsake([sha256]);
    await sleep(20);
    assert.deepEqual(await hub.blobs.list(), [sha256], "it is still being brought");
    goOn.resolve();
    await slow;
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [sha256], "its row is there");
  });

  it("lets bytes go whose rows were never written, and waits with new ones until they are gone", async () => {
    const inner = await open();
    const [removing, goOn] = [deferred(), deferred()];
    const blobs = new Proxy(inner.blobs, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        const act = value.bind(target) as (...given: unknown[]) => unknown;
        if (name !== "remove") return act;
        return async (...given: unknown[]) => {
          removing.resolve();
          await goOn.promise;
          return act(...given);
        };
      },
    });
    const hub = {
      ...inner,
      retention: new Retention({ ...inner, blobs, clock: systemClock, log: silentLog }),
    };
    const bytes = Buffer.from("orphan");
    const sha256 = hashBytes(bytes);
    await hub.blobs.put(bytes, sha256);
    hub.retention.forsake([sha256]);
    await removing.promise;
    const order: string[] = [];
    const again = hub.retention.whileKept([sha256], async () => {
      order.push("brought");
      await hub.blobs.put(bytes, sha256);
      await hub.store.write(({ db }) => recordBlob(db, { sha256, sizeBytes: bytes.length }, 1));
    });
    const other = hub.retention.whileKept([hashBytes("other")], () => Promise.resolve(order.push("other")));
    await other;
    await sleep(20);
    assert.deepEqual(order, ["other"], "one blob waits, others do not");
    goOn.resolve();
    await again;
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [sha256]);
  });

  it("goes on after a blob that cannot be removed", async () => {
    const hub = await open();
    const stuck = hashBytes("stuck");
    await mkdir(join(hub.root, stuck, "inner"), { recursive: true });
    const sha256 = await seed(hub, "first", "one");
    hub.retention.forsake([stuck]);
    await hub.store.write((tx) => hub.retention.drop(tx, [holderOf("first")]));
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [stuck]);
    await assert.rejects(hub.blobs.localPath(sha256), { code: "BLOB_NOT_FOUND" });
  });

  it("has exactly the files that rows want, however many bring and drop the same at the same time", async () => {
    const hub = await open();
    const names = ["one", "two", "three"];
    const random = seeded("retention");
    const client = async (id: number) => {
      for (let turn = 0; turn < 12; turn++) {
        const name = names[Math.floor(random.uniform() * names.length)] ?? "one";
        const bytes = Buffer.from(name);
        const sha256 = hashBytes(bytes);
        const holder = holderOf(`${id}.${turn}`);
        const blob = { sha256, sizeBytes: bytes.length };
        const fails = random.uniform() < 0.3;
        const brought = hub.retention.whileKept([sha256], async () => {
          await hub.blobs.put(bytes, sha256);
          await hub.store.write(async ({ db }) => {
            await recordBlob(db, blob, 1);
            await holdBlobs(db, holder, [blob]);
            if (fails) throw new Error("no row");
          });
        });
        if (fails) {
          await assert.rejects(brought, /no row/);
          hub.retention.forsake([sha256]);
          continue;
        }
        await brought;
        // While somebody holds it, it is there.
        await hub.blobs.localPath(sha256);
        await sleep(random.uniform() * 3);
        await hub.blobs.localPath(sha256);
        if (turn < 11 || id % 2 === 0) await hub.store.write((tx) => hub.retention.drop(tx, [holder]));
      }
    };
    await Promise.all([1, 2, 3, 4].map(client));
    await hub.retention.idle();
    const wanted = (await wantedIn(hub.store)).toSorted();
    assert.ok(wanted.length > 0);
    assert.deepEqual((await hub.blobs.list()).toSorted(), wanted);
  });

  it("sweeps at the start what the store has released, and keeps what no row knows", async () => {
    const hub = await open();
    const wanted = await seed(hub, "first", "wanted");
    const released = await seed(hub, "second", "released");
    // Released by a hub that was killed before the file went.
    await hub.store.write(({ db }) => dropHolders(db, [holderOf("second")], 1));
    const unknown = hashBytes("unknown");
    await hub.blobs.put(Buffer.from("unknown"), unknown);
    await hub.retention.sweep();
    assert.deepEqual(await hub.blobs.list(), [wanted]);
    assert.deepEqual(await wantedBlobs(hub.store.db), [{ sha256: wanted, sizeBytes: 6 }]);
    assert.deepEqual(await readdir(join(hub.root, "quarantine")), [unknown]);
    assert.ok(
      hub.lines.some(({ blobs }) => isDeepStrictEqual(blobs, [unknown])),
      "the log names it",
    );
    assert.doesNotMatch(JSON.stringify(hub.lines), new RegExp(released));
  });

  it("puts aside also what was released, where the rows may be older than the files", async () => {
    const hub = await open();
    const released = await seed(hub, "first", "released");
    await hub.store.write(({ db }) => dropHolders(db, [holderOf("first")], 1));
    await hub.retention.sweep({ keepsReleased: true });
    assert.deepEqual(await hub.blobs.list(), []);
    assert.deepEqual(await readdir(join(hub.root, "quarantine")), [released]);
  });

  it("lets whatever else somebody has put into the quarantine lie there", async () => {
    const hub = await open();
    const other = join(hub.root, "quarantine", "of an operator");
    await mkdir(other, { recursive: true });
    await utimes(other, 1, 1);
    await hub.retention.sweep();
    assert.deepEqual(await readdir(join(hub.root, "quarantine")), ["of an operator"]);
  });

  it("gives a blob back that a row wants, whose database was away", async () => {
    const hub = await open();
    const bytes = Buffer.from("of a model");
    const blob = { sha256: hashBytes(bytes), sizeBytes: bytes.length };
    await hub.blobs.put(bytes, blob.sha256);
    await hub.retention.sweep();
    await assert.rejects(hub.blobs.localPath(blob.sha256), { code: "BLOB_NOT_FOUND" });
    await hub.store.write(({ db }) => recordBlob(db, blob, 1));
    await hub.retention.sweep();
    assert.deepEqual(await readFile(await hub.blobs.localPath(blob.sha256)), bytes);
    assert.deepEqual(await readdir(join(hub.root, "quarantine")), []);
  });

  it("keeps what no row knows for 30 days, counted from when it was put aside", async () => {
    const hub = await open();
    const dayMs = 86_400_000;
    const sha256 = hashBytes("old");
    await hub.blobs.put(Buffer.from("old"), sha256);
    const path = join(hub.root, sha256);
    await utimes(path, 1, 1);
    const quarantined = async () => (await readdir(join(hub.root, "quarantine"))).length;
    for (const [days, kept] of [
      [0, 1],
      [29.9, 1],
      [30.1, 0],
    ] as const) {
      hub.at.nowMs = Date.now() + days * dayMs;
      await hub.retention.sweep();
      assert.equal(await quarantined(), kept, `after ${days} days`);
    }
  });

  it("says which blobs are missing that rows want", async () => {
    const hub = await open();
    const sha256 = hashBytes("gone");
    await hub.store.write(({ db }) => recordBlob(db, { sha256, sizeBytes: 1 << 20 }, 1));
    await hub.retention.sweep();
    assert.ok(hub.lines.some(({ level, blobs }) => level === 50 && isDeepStrictEqual(blobs, [sha256])));
  });
});
