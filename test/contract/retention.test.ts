import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "mocha";
import { Retention } from "#hub/blobs/retention.js";
import { FileBlobStore } from "#hub/blobs/store.js";
import { recordBlob, wantedBlobs } from "#hub/store/blobs.js";
import { systemClock } from "#kernel/clock.js";
import { hashBytes } from "#kernel/files.js";
import type { RunId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { temporaryFolders } from "#test/support/folders.js";
import { onEachStore } from "#test/support/stores.js";

const run = "run-1" as RunId;

onEachStore("retention of blobs", (newPlace) => {
  const folder = temporaryFolders();

  const open = async () => {
    const store = await (await newPlace())();
    const blobs = await new FileBlobStore(join(await folder(), "blobs")).open();
    return { store, blobs, retention: new Retention({ store, blobs, clock: systemClock, log: silentLog }) };
  };

  /** A round whose only site has delivered `update`; its model is `model`. */
  const seed = async (
    { store, blobs }: Awaited<ReturnType<typeof open>>,
    number: number,
    state: string,
    update: string,
  ) => {
    const bytes = Buffer.from(update);
    const sha256 = hashBytes(bytes);
    await blobs.put(bytes, sha256);
    const base = { sha256: hashBytes("base"), sizeBytes: 4 };
    await store.write(async ({ db }) => {
      await recordBlob(db, { sha256, sizeBytes: bytes.length }, 1);
      await recordBlob(db, base, 1);
      const site = {
        site: "acme/a",
        organisation: "acme",
        labels: "{}",
        created_at_ms: 1,
        capabilities: "[]",
      };
      const none = { agent_version: null, last_seen_ms: null, revoked_at_ms: null, revoked_reason: null };
      await db
        .insertInto("sites")
        .values({ ...site, ...none })
        .onConflict((c) => c.doNothing())
        .execute();
      await db
        .insertInto("workflows")
        .values({ sha256: "w", body: "{}", created_at_ms: 1 })
        .onConflict((c) => c.doNothing())
        .execute();
      const ended = { ended_at_ms: null, error_code: null, error_text: null };
      const row = {
        run_id: run,
        name: "r",
        workflow_sha256: "w",
        state: "running",
        started_by: "x",
        started_at_ms: 1,
        ...ended,
      };
      await db
        .insertInto("runs")
        .values(row)
        .onConflict((c) => c.doNothing())
        .execute();
      const models = { model_sha256: null, model_bytes: null, samples: 0, metrics: "{}", ended_at_ms: null };
      const times = { started_at_ms: 1, deadline_at_ms: 2, base_sha256: base.sha256, base_bytes: 4 };
      await db
        .insertInto("rounds")
        .values({ run_id: run, round: number, position: number, error: null, state, ...times, ...models })
        .execute();
      await db
        .insertInto("assignments")
        .values({
          assignment_id: `a${number}`,
          run_id: run,
          round: number,
          kind: "train",
          site: "acme/a",
          state: "delivered",
          attempt: 1,
          base_sha256: base.sha256,
          base_bytes: 4,
          created_at_ms: 1,
          deadline_at_ms: 2,
          delivered_at_ms: 2,
          op_id: "o",
          answer_sha256: "h",
          update_sha256: sha256,
          update_bytes: bytes.length,
          samples: 1,
          metrics: "{}",
          reason_code: null,
          reason: null,
        })
        .execute();
    });
    return sha256;
  };

  it("removes the updates of an aggregated round, and nothing else", async () => {
    const hub = await open();
    const first = await seed(hub, 1, "evaluating", "first");
    const second = await seed(hub, 2, "collecting", "second");
    await hub.store.write((tx) => hub.retention.releaseRound(tx, run, 1));
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [second]);
    await assert.rejects(hub.blobs.localPath(first), { code: "BLOB_NOT_FOUND" });
  });

  it("keeps an update that another round still needs", async () => {
    const hub = await open();
    const shared = await seed(hub, 1, "evaluating", "same");
    assert.equal(await seed(hub, 2, "collecting", "same"), shared);
    await hub.store.write((tx) => hub.retention.releaseRound(tx, run, 1));
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [shared]);
  });

  it("keeps a released blob that has been brought again before its file went", async () => {
    const hub = await open();
    const sha256 = await seed(hub, 1, "evaluating", "again");
    await hub.retention.whileKept(sha256, async () => {
      await hub.store.write((tx) => hub.retention.releaseRound(tx, run, 1));
      await hub.store.write(({ db }) => recordBlob(db, { sha256, sizeBytes: 5 }, 2));
    });
    await hub.retention.idle();
    assert.deepEqual(await hub.blobs.list(), [sha256]);
  });

  it("sweeps at the start what no row wants", async () => {
    const hub = await open();
    const wanted = await seed(hub, 1, "collecting", "wanted");
    await hub.blobs.put(Buffer.from("orphan"), hashBytes("orphan"));
    await hub.retention.sweep();
    assert.deepEqual(await hub.blobs.list(), [wanted]);
    assert.ok((await wantedBlobs(hub.store.db)).includes(wanted));
  });
});
