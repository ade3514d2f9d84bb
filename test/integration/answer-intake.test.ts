import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { newOpId } from "#kernel/ids.js";
import { startTestHub } from "../support/hub.js";
import { answerTo, chunks } from "../support/site.js";
import {
  ended,
  good,
  partly,
  players,
  refusal,
  resumed,
  startTraining,
  tensors,
  withHeader,
} from "../support/training.js";

describe("the hub takes in answers", function () {
  this.timeout(30_000);

  it("gives the stored receipt for the same answer, and refuses another one", async () => {
    await using hub = await startTestHub();
    const [one, other] = await players(hub, "acme/one", "acme/other");
    const { runId } = await startTraining(hub);
    const answer = good(await one.session.next("offer"));
    const receipt = await one.site.upload(answer);
    assert.equal(receipt.sha256, answer.header.update?.sha256);
    // Whether the bytes come again, or the answer begins behind its end.
    assert.deepEqual(await one.site.upload(answer), receipt);
    assert.deepEqual(await one.site.send([{ body: "header", header: answer.header }]), receipt);
    assert.equal(await one.site.stored(answer), 0);
    for (const changes of [{ samples: 11 }, { metrics: { loss: 0.5 } }, { opId: newOpId() }]) {
      const error = await refusal(one.site.upload(withHeader(answer, changes)));
      assert.equal(error.code, "OP_ID_REUSED");
    }
    const rest = good(await other.session.next("offer"));
    await other.site.upload(rest);
    const run = await ended(hub, runId);
    assert.equal(run.rounds[0]?.samples, 20);
    // Also when the run is long over.
    assert.deepEqual(await one.site.upload(answer), receipt);
  });

  it("takes one of two uploads of the same answer at the same time, whole", async () => {
    await using hub = await startTestHub();
    const [one] = await players(hub, "acme/one");
    const { runId } = await startTraining(hub);
    const answer = good(await one.session.next("offer"));
    const header = { body: "header", header: answer.header } as const;
    const parts = [...chunks(answer.bytes, 32)];
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    // The first hangs after some bytes: its connection is as good as dead, but nobody has noticed.
    async function* hanging() {
      yield header;
      yield* parts.slice(0, 3);
      await released;
      yield* parts.slice(3);
    }
    const dead = refusal(one.site.send(hanging()));
    let stored = 0;
    while ((stored = await one.site.stored(answer)) < 96);
    const receipt = await one.site.upload(resumed(answer, stored));
    assert.equal(receipt.sha256, answer.header.update?.sha256);
    release();
    assert.equal((await dead).code, "HUB_UNREACHABLE");
    const run = await ended(hub, runId);
    assert.equal(run.model?.sha256, receipt.sha256, "one site's update is the average");
  });

  it("goes on with an upload that was cut in the middle", async () => {
    await using hub = await startTestHub();
    const [one] = await players(hub, "acme/one");
    const { runId } = await startTraining(hub);
    const answer = good(await one.session.next("offer"));
    async function* cut() {
      yield { body: "header", header: answer.header } as const;
      yield* chunks(answer.bytes.subarray(0, 100), 10);
      await Promise.resolve();
      throw new Error("cut");
    }
    await assert.rejects(one.site.send(cut()), /cut/);
    // The cut may overtake the last bytes; what is stored is a true beginning.
    const stored = await one.site.stored(answer);
    assert(stored <= 100 && stored % 10 === 0);
    await assert.rejects(one.site.send(partly(answer, stored, 120)), { code: "UPLOAD_OFFSET_WRONG" });
    assert.equal(await one.site.stored(answer), 120);
    const error = await refusal(one.site.upload(resumed(answer, 50)));
    assert.equal(error.code, "UPLOAD_OFFSET_WRONG");
    assert.match(error.message, /begins at byte 50, but 120 bytes are stored/);
    await one.site.upload(resumed(answer, 120));
    const run = await ended(hub, runId);
    assert.equal(run.model?.sha256, answer.header.update?.sha256);
  });

  it("goes on with the upload after the hub was stopped in the middle of it", async () => {
    await using hub = await startTestHub();
    const [one] = await players(hub, "acme/one");
    const { runId } = await startTraining(hub);
    const offer = await one.session.next("offer");
    const answer = good(offer);
    await assert.rejects(one.site.send(partly(answer, 0, 64)), { code: "UPLOAD_OFFSET_WRONG" });
    one.session.close();
    await hub.stop();
    assert.deepEqual(hub.faults, []);
    await hub.start();
    // It comes back before the hub has taken up its runs, and with what it holds.
    const held = [{ assignmentId: offer.assignmentId, attempt: offer.attempt }];
    const session = await one.site.connect({ held });
    assert.equal(await one.site.stored(answer), 64);
    await one.site.upload(resumed(answer, 64));
    const run = await ended(hub, runId);
    assert.equal(run.state, "completed");
    assert.equal(run.model?.sha256, answer.header.update?.sha256);
    assert.equal(
      session.heard.some(({ body }) => body === "offer"),
      false,
      "nothing is asked twice",
    );
  });

  it("keeps an answer of an older attempt as late, and never counts it", async () => {
    await using hub = await startTestHub();
    const [one, other] = await players(hub, "acme/one", "acme/other");
    const { runId } = await startTraining(hub);
    const offer = await one.session.next("offer");
    const { assignmentId, attempt } = offer;
    one.session.send({
      body: "failed",
      failed: { assignmentId, attempt, code: "WORK_FAILED", reason: "out of memory", retryable: true },
    });
    const second = await one.session.next("offer");
    assert.equal(second.attempt, 2);
    const late = answerTo(offer, tensors, () => 9);
    const error = await refusal(one.site.upload(late));
    assert.equal(error.code, "ASSIGNMENT_LATE");
    assert.match(error.message, /attempt 1 of round 1 came too late: attempt 2 has been offered since/);
    assert.equal((await refusal(one.site.upload(late))).code, "ASSIGNMENT_LATE");
    await one.site.upload(good(second));
    await other.site.upload(good(await other.session.next("offer")));
    const run = await ended(hub, runId);
    assert.equal(run.rounds[0]?.samples, 20);
    assert.equal(
      run.model?.sha256,
      good(second).header.update?.sha256,
      "the late values are not in the model",
    );
    await hub.stop();
    const rows = hub.rows("select attempt, site, samples, update_sha256 from late_answers");
    assert.deepEqual(rows, [
      { attempt: 1, site: "acme/one", samples: 10, update_sha256: late.header.update?.sha256 },
    ]);
  });

  it("offers a vanished site its round again while it collects, under a new attempt", async () => {
    await using hub = await startTestHub();
    const [one, other] = await players(hub, "acme/one", "acme/other");
    const { runId } = await startTraining(hub, { grace: "300ms" });
    const offer = await one.session.next("offer");
    const rest = await other.session.next("offer");
    one.session.close();
    const stateOf = async () =>
      (await hub.admin.getRun(runId)).rounds[0]?.assignments.find(({ site }) => site === "acme/one")?.state;
    while ((await stateOf()) !== "vanished");
    const session = await one.site.connect();
    const again = await session.next("offer");
    assert.equal(again.assignmentId, offer.assignmentId);
    assert.equal(again.attempt, 2);
    assert.equal((await refusal(one.site.upload(good(offer)))).code, "ASSIGNMENT_LATE");
    await one.site.upload(good(again));
    await other.site.upload(good(rest));
    assert.equal((await ended(hub, runId)).rounds[0]?.samples, 20);
  });

  it("names the run in its offers as its starter named it", async () => {
    await using hub = await startTestHub();
    const [one] = await players(hub, "acme/one");
    const run = await startTraining(hub, {}, "Thursday's run");
    assert.equal(run.name, "Thursday's run");
    const offer = await one.session.next("offer");
    assert.equal(offer.runName, "Thursday's run");
    assert.equal(offer.round, 1);
    assert.equal(offer.kind, "train");
    assert.deepEqual(hub.faults, []);
  });
});
