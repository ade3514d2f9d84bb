import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { FileBlobStore } from "#hub/blobs/store.js";
import { hubPaths } from "#hub/config.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { startTestHub, type TestHub } from "../support/hub.js";
import { ended, good, partly, players, startTraining } from "../support/training.js";

/** Who needs which blob at a hub that is stopped, and what it has staged. */
async function leftAt(hub: TestHub): Promise<{ readonly holders: string[]; readonly small: string[] }> {
  const { db } = await openSqlite(hubPaths(hub.dir).database);
  try {
    const uses = await db.selectFrom("blob_uses").select("holder").orderBy("holder").execute();
    const small = await db.selectFrom("small_blobs").select("sha256").execute();
    return {
      holders: uses.map(({ holder }) => holder.slice(0, holder.indexOf("/"))),
      small: small.map(({ sha256 }) => sha256),
    };
  } finally {
    await db.destroy();
  }
}

describe("the bytes of a round that comes to nothing", () => {
  for (const [how, over] of [
    ["is cancelled", "cancelled"],
    ["fails", "failed"],
  ] as const) {
    it(`go when its call ${how}: whole answers, and parts of answers`, async () => {
      await using hub = await startTestHub();
      const [one, two] = await players(hub, "acme/one", "acme/two");
      const { runId } = await startTraining(hub, { quorum: { min: 2 } });
      const answer = good(await one.session.next("offer"));
      await one.site.upload(answer);
      const offer = await two.session.next("offer");
      const half = good(offer);
      await assert.rejects(two.site.send(partly(half, 0, 60)));
      assert.ok((await two.site.stored(half)) > 0);
      if (over === "cancelled") await hub.admin.cancelRun({ runId, reason: "enough" });
      else {
        const { assignmentId, attempt } = offer;
        two.session.send({
          body: "refuse",
          refuse: { assignmentId, attempt, code: "POLICY_DENIED", reason: "no" },
        });
      }
      assert.equal((await ended(hub, runId)).state, over);
      await hub.stop();
      const { holders, small } = await leftAt(hub);
      assert.deepEqual(holders, ["call", "model"]);
      assert.equal(small.length, 1, "the model that it began with");
      assert.ok(answer.header.update?.sha256 !== small[0]);
      const blobs = await new FileBlobStore(hubPaths(hub.dir).blobs).open();
      const { assignmentId, update } = half.header;
      assert.equal(await blobs.stagedBytes(`${assignmentId}-${String(update?.sha256).slice(0, 16)}`), 0);
      await hub.start();
    });
  }
});
