import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "mocha";
import { Retention } from "#hub/blobs/retention.js";
import { FileBlobStore } from "#hub/blobs/store.js";
import { holders } from "#hub/blobs/uses.js";
import { holdBlobs, recordBlob, wantedBlobs } from "#hub/store/blobs.js";
import { systemClock } from "#kernel/clock.js";
import { hashBytes } from "#kernel/files.js";
import type { AssignmentId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { temporaryFolders } from "#test/support/folders.js";
import { onEachStore } from "#test/support/stores.js";

/** What holds the bytes of an answer. */
const holderOf = (assignment: string) => holders.answer(assignment as AssignmentId);

onEachStore("retention of blobs", (newPlace) => {
  const folder = temporaryFolders();

  const open = async () => {
    const store = await (await newPlace())();
    const blobs = await new FileBlobStore(join(await folder(), "blobs")).open();
    return { store, blobs, retention: new Retention({ store, blobs, clock: systemClock, log: silentLog }) };
  };

  /** The answer of a site, whose bytes are `update`. */
  const seed = async ({ store, blobs }: Awaited<ReturnType<typeof open>>, name: string, update: string) => {
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

  it("sweeps at the start what no row wants", async () => {
    const hub = await open();
    const wanted = await seed(hub, "first", "wanted");
    await hub.blobs.put(Buffer.from("orphan"), hashBytes("orphan"));
    await hub.retention.sweep();
    assert.deepEqual(await hub.blobs.list(), [wanted]);
    assert.deepEqual(await wantedBlobs(hub.store.db), [wanted]);
  });
});
