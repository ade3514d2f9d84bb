import assert from "node:assert/strict";
import fc from "fast-check";
import { it } from "mocha";
import { holders } from "#hub/blobs/uses.js";
import { deliverAssignments } from "#hub/store/answers.js";
import { insertAssignments } from "#hub/store/assignments.js";
import {
  answerHolders,
  dropHolders,
  holdBlobs,
  holdOnly,
  isWanted,
  keepBlobs,
  recordBlob,
  smallBlobs,
  wantedBlobs,
} from "#hub/store/blobs.js";
import type { Store } from "#hub/store/store.js";
import { hashBytes } from "#kernel/files.js";
import { parseSiteId, type Sha256 } from "#kernel/ids.js";
import { type BlobRef, inlineBytes } from "#kernel/refs.js";
import { insertNewRun } from "../support/rows.js";
import { headerTo, newAssignment, newStage } from "../support/stages.js";
import { onEachStore } from "../support/stores.js";

const bytesOf = (name: string) => Buffer.from(name);
const blob = (name: string): BlobRef => ({ sha256: hashBytes(name), sizeBytes: bytesOf(name).length });
const small = (name: string) => ({ ...blob(name), inline: bytesOf(name) });
const bytesIn = async ({ db }: Store, sha256: Sha256) => (await smallBlobs(db, [sha256])).get(sha256);
const large = (name: string): BlobRef => ({ sha256: hashBytes(name), sizeBytes: inlineBytes + 1 });

onEachStore("the uses of blobs", (newPlace) => {
  const given = (what: string, test: (store: Store) => Promise<void>) =>
    it(what, async () => test(await (await newPlace())()));
  /** Brings small blobs that a holder needs. */
  const bring = (store: Store, holder: string, ...names: string[]) =>
    store.write(async ({ db }) => {
      await keepBlobs(db, names.map(small), 1);
      await holdBlobs(db, holder, names.map(blob));
    });
  const drop = (store: Store, ...list: string[]) => store.write(({ db }) => dropHolders(db, list, 5));
  const digests = (list: readonly BlobRef[]) => list.map(({ sha256 }) => sha256).toSorted();

  given("let a small blob go with its last holder, its bytes in the same transaction", async (store) => {
    await bring(store, "answer/1", "one", "two");
    assert.deepEqual(Buffer.from((await bytesIn(store, blob("one").sha256)) ?? []), bytesOf("one"));
    const released = await drop(store, "answer/1");
    assert.deepEqual(digests(released), digests([blob("one"), blob("two")]));
    assert.deepEqual(released.map(({ sizeBytes }) => sizeBytes).toSorted(), [3, 3]);
    for (const name of ["one", "two"]) {
      assert.equal(await bytesIn(store, blob(name).sha256), undefined);
      assert.equal(await isWanted(store.db, blob(name).sha256), false);
    }
    assert.deepEqual(await wantedBlobs(store.db), []);
    assert.deepEqual(await drop(store, "answer/1"), [], "twice is once");
  });

  given("keep a blob that is held twice until both let go", async (store) => {
    await bring(store, "answer/1", "shared", "own");
    await bring(store, "model/m/1", "shared");
    assert.deepEqual(digests(await drop(store, "answer/1")), digests([blob("own")]));
    assert.deepEqual(Buffer.from((await bytesIn(store, blob("shared").sha256)) ?? []), bytesOf("shared"));
    assert.equal(await isWanted(store.db, blob("shared").sha256), true);
    assert.deepEqual(digests(await drop(store, "model/m/1")), digests([blob("shared")]));
  });

  given("take a blob twice of one holder for once", async (store) => {
    await bring(store, "call/r/e1", "same");
    await bring(store, "call/r/e1", "same", "same");
    assert.deepEqual(digests(await drop(store, "call/r/e1")), digests([blob("same")]));
  });

  given("give back what is released, and leave large bytes to their file", async (store) => {
    await store.write(async ({ db }) => {
      await recordBlob(db, large("large"), 1);
      await holdBlobs(db, "fold/r/e1/1", [large("large")]);
    });
    assert.equal(await bytesIn(store, large("large").sha256), undefined);
    assert.deepEqual(await drop(store, "fold/r/e1/1"), [{ ...large("large"), hasFile: true }]);
    assert.equal(await isWanted(store.db, large("large").sha256), false);
    assert.equal(await isWanted(store.db, hashBytes("unknown")), false);
  });

  given("know a blob that is brought again after it was released", async (store) => {
    await bring(store, "answer/1", "again");
    await drop(store, "answer/1");
    await bring(store, "answer/2", "again");
    assert.equal(await isWanted(store.db, blob("again").sha256), true);
    assert.deepEqual(Buffer.from((await bytesIn(store, blob("again").sha256)) ?? []), bytesOf("again"));
    assert.deepEqual(await wantedBlobs(store.db), [blob("again")]);
    assert.deepEqual(digests(await drop(store, "answer/2")), digests([blob("again")]));
  });

  given("change with a state: it holds what it names now, and lets go of the rest", async (store) => {
    await bring(store, "fold/r/e1/1", "model", "server");
    await bring(store, "fold/r/e1/2", "next");
    const hold = (...names: string[]) =>
      store.write(({ db }) => holdOnly(db, "call/r/e1", names.map(blob), 5));
    assert.deepEqual(await hold("model", "server"), []);
    await drop(store, "fold/r/e1/1");
    assert.deepEqual(await hold("next", "server"), [{ ...blob("model"), hasFile: false }]);
    assert.equal(await bytesIn(store, blob("model").sha256), undefined);
    assert.deepEqual(await hold("next", "server"), []);
    assert.deepEqual(
      digests(await hold()),
      digests([blob("server")]),
      "the round still holds what it has made",
    );
    assert.deepEqual(digests(await drop(store, "fold/r/e1/2")), digests([blob("next")]));
  });

  given("go of many holders at once, and of none", async (store) => {
    const names = Array.from({ length: 600 }, (_, at) => `blob ${at}`);
    await store.write(async ({ db }) => {
      await keepBlobs(db, [...names, "common"].map(small), 1);
      for (const [at, name] of names.entries())
        await holdBlobs(db, `answer/${at}`, [blob(name), blob("common")]);
    });
    assert.deepEqual(await drop(store), []);
    const half = names.slice(0, 300).map((_, at) => `answer/${at}`);
    assert.equal((await drop(store, ...half)).length, 300);
    const rest = names.slice(300).map((_, at) => `answer/${at + 300}`);
    assert.equal((await drop(store, ...rest, "answer/unknown")).length, 301);
    assert.deepEqual(await wantedBlobs(store.db), []);
  });

  given("keep exactly what somebody holds, whatever comes and goes", async (store) => {
    const name = fc.constantFrom("a", "b", "c");
    const holder = fc.constantFrom("answer/1", "answer/2", "call/r/e1", "model/m/1");
    const step = fc.oneof(
      fc.record({ does: fc.constant("bring" as const), holder, names: fc.array(name, { maxLength: 3 }) }),
      fc.record({ does: fc.constant("only" as const), holder, names: fc.array(name, { maxLength: 3 }) }),
      fc.record({ does: fc.constant("drop" as const), holder }),
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const held = new Map<string, Set<string>>();
      for (const one of steps) {
        if (one.does === "drop") {
          await drop(store, one.holder);
          held.delete(one.holder);
        } else if (one.does === "bring") {
          await bring(store, one.holder, ...one.names);
          held.set(one.holder, new Set([...(held.get(one.holder) ?? []), ...one.names]));
        } else {
          await store.write(async ({ db }) => {
            await keepBlobs(db, one.names.map(small), 1);
            await holdOnly(db, one.holder, one.names.map(blob), 5);
          });
          held.set(one.holder, new Set(one.names));
        }
        const wanted = new Set([...held.values()].flatMap((own) => [...own]));
        for (const own of ["a", "b", "c"]) {
          const bytes = await bytesIn(store, blob(own).sha256);
          assert.equal(bytes !== undefined, wanted.has(own), own);
        }
        assert.deepEqual(
          (await wantedBlobs(store.db)).map(({ sha256 }) => sha256).toSorted(),
          [...wanted].map((own) => blob(own).sha256).toSorted(),
        );
      }
      await drop(store, "answer/1", "answer/2", "call/r/e1", "model/m/1");
    });
    await fc.assert(property, { numRuns: 15 });
  });

  given("tell which answers of a round still have their bytes, and which of the call", async (store) => {
    const sites = ["a", "b", "c"].map((name) => parseSiteId(`acme/${name}`));
    const call = { runId: await insertNewRun(store, ...sites), effect: "e1" } as const;
    const [first, second] = [newStage(call), newStage(call, { position: 2 })];
    for (const stage of [first, second, newStage({ ...call, effect: "e2" })])
      await insertAssignments(
        store.db,
        sites.map((site) => newAssignment(stage, site)),
        1,
      );
    const deliver = async (stage: typeof first, site: (typeof sites)[number], name: string | undefined) => {
      const { id } = newAssignment(stage, site);
      const update = name === undefined ? undefined : blob(name);
      if (name !== undefined) await bring(store, holders.answer(id), name);
      await deliverAssignments(store.db, [
        { header: headerTo(id, { update }), answerSha256: hashBytes("header"), arrival: 1, nowMs: 5 },
      ]);
      return holders.answer(id);
    };
    const [a, b, c] = sites;
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const one = await deliver(first, a, "update a");
    const gone = await deliver(first, b, "update b");
    await deliver(first, c, undefined);
    const next = await deliver(second, a, "update a, again");
    await drop(store, gone);
    assert.deepEqual(await answerHolders(store.db, call, 1), [one]);
    assert.deepEqual(await answerHolders(store.db, call, 2), [next]);
    assert.deepEqual((await answerHolders(store.db, call)).toSorted(), [one, next].toSorted());
    assert.deepEqual(await answerHolders(store.db, { ...call, effect: "e2" }), []);
  });
});
