import assert from "node:assert/strict";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { sleep } from "#kernel/async.js";
import { systemClock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { parseAssignmentId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { Journal } from "#node-agent/assignments/journal.js";
import { type RunningAgent, startAgent } from "#node-agent/main.js";
import { modelOf, offerOf, plusOne, tensorOf, TestSteps, writeAgentFolder } from "../support/agent.js";
import { temporaryFolders } from "../support/folders.js";
import { Peer } from "../support/peer.js";
import { until } from "../support/rpc.js";

/** 800 KB: four chunks, and a file in the outbox. */
const large = modelOf(200_000);
/** Goes through the journal. */
const small = modelOf(100);

/** The files of a folder and of those in it. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe("an agent", () => {
  const folder = temporaryFolders();
  let peer = new Peer();
  let steps = new TestSteps();
  let address = "";
  let dir = "";
  const running: RunningAgent[] = [];

  beforeEach(async () => {
    peer = new Peer();
    steps = new TestSteps();
    for (const model of [large, small]) peer.blobs.set(hashBytes(model), model);
    address = await peer.start();
    dir = await folder();
    await writeAgentFolder(dir, address);
  });

  afterEach(async () => {
    for (const agent of running.splice(0)) await agent.stop();
    await peer.stop();
  });

  async function start(): Promise<RunningAgent> {
    const before = hellos().length;
    const agent = await startAgent({ dir, log: silentLog, steps: steps.steps });
    running.push(agent);
    await until(() => hellos().length > before, "the agent says Hello");
    return agent;
  }

  const hellos = () => peer.heard.flatMap(({ hello }) => (hello ? [hello] : []));
  const accepts = () => peer.heard.flatMap(({ accept }) => (accept ? [accept] : []));
  const refusals = () => peer.heard.flatMap(({ refuse }) => (refuse ? [refuse] : []));
  const failures = () => peer.heard.flatMap(({ failed }) => (failed ? [failed] : []));

  /** What the journal says, after the agent has stopped. */
  async function journal(agent: RunningAgent): Promise<Journal> {
    await agent.stop();
    return new Journal(join(dir, "agent.db"), systemClock);
  }

  it("accepts, trains, delivers and forgets: one download for one base model", async () => {
    const agent = await start();
    for (const [index, kind] of (["train", "evaluate"] as const).entries()) {
      peer.push({ offer: offerOf(large, { kind }) });
      await until(() => peer.receipts.size === index + 1, "the answer is there");
    }
    assert.deepEqual(
      accepts().map(({ assignmentId }) => assignmentId),
      ["run.1.train.acme.berlin", "run.1.evaluate.acme.berlin"],
    );
    const [train, evaluate] = peer.headers;
    assert.equal(train?.samples, 18);
    assert.equal(train.baseSha256, hashBytes(large));
    assert.deepEqual(train.tensors, [tensorOf(200_000)]);
    assert.deepEqual(peer.stored.get(train.assignmentId), plusOne(large));
    assert.equal(evaluate?.update, null);
    assert.equal(evaluate.metrics["accuracy"], 1);
    assert.equal(peer.downloads, 1);
    const kept = await journal(agent);
    assert.deepEqual(kept.open(), []);
    const events = kept.decisions().map((line) => line["event"]);
    assert.deepEqual(events, ["outgoing", "allowed", "outgoing", "allowed"]);
    kept.close();
    assert.deepEqual(await readdir(join(dir, "outbox")), []);
    assert.deepEqual(await filesIn(join(dir, "work")), []);
  });

  it("gives a scratch folder to the next assignment empty, unless the work in it was broken off", async () => {
    await start();
    const folders: string[] = [];
    const found: string[][] = [];
    steps.before = async ({ directory, signal }) => {
      folders.push(directory);
      found.push(await readdir(directory));
      if (folders.length !== 2) return;
      peer.push({ cancel: { assignmentId: "run.2.train.acme.berlin", reason: "a test" } });
      await sleep(20_000, signal);
      signal.throwIfAborted();
    };
    peer.push({ offer: offerOf(small) });
    await until(() => peer.receipts.size === 1, "the first is there");
    peer.push({ offer: offerOf(small, { round: 2 }) });
    await until(() => folders.length === 2, "the second has begun");
    peer.push({ offer: offerOf(small, { round: 3 }) });
    await until(() => peer.receipts.size === 2, "the third is there");
    const [first, second, third] = folders;
    assert.equal(second, first);
    assert.notEqual(third, second);
    assert.deepEqual(found, [[], [], []]);
  });

  for (const [model, name] of [
    [large, "a large"],
    [small, "a small"],
  ] as const) {
    const size = plusOne(model).length;
    for (const cutAt of [0, Math.floor(size / 2), size - 1, size, "reply"] as const) {
      it(`resumes ${name} update that is cut at ${cutAt === "reply" ? "its reply" : `byte ${cutAt}`}`, async () => {
        await start();
        peer.cutAt = cutAt;
        peer.push({ offer: offerOf(model) });
        await until(() => peer.receipts.size === 1 && peer.headers.length === 2, "the second try is there");
        const [first, second] = peer.headers;
        assert.equal(first?.offset, 0);
        assert.equal(second?.opId, first.opId);
        assert.equal(second.offset, cutAt === "reply" ? size : cutAt);
        assert.deepEqual(peer.stored.get(first.assignmentId), plusOne(model));
        assert.equal(steps.runs, 1);
        assert.deepEqual(hellos()[1]?.held, [{ assignmentId: first.assignmentId, attempt: 1 }]);
      });
    }
  }

  for (const model of [large, small]) {
    it(`sends the stored answer after a restart, without doing the work again (${model.length} bytes)`, async () => {
      await start();
      peer.refusal = new ComityError("DISK_FULL", "The hub's disk is full.");
      peer.push({ offer: offerOf(model) });
      await until(() => peer.headers.length > 0, "the answer was sent");
      await running.splice(0)[0]?.stop();
      peer.refusal = undefined;
      await start();
      await until(() => peer.receipts.size === 1, "the answer is there");
      assert.deepEqual(hellos()[1]?.held, [{ assignmentId: "run.1.train.acme.berlin", attempt: 1 }]);
      assert.equal(steps.runs, 1);
      assert.equal(new Set(peer.headers.map(({ opId }) => opId)).size, 1);
      assert.deepEqual(peer.stored.get("run.1.train.acme.berlin"), plusOne(model));
    });
  }

  it("does the work again after a stop in its middle, and tells the hub that it still holds it", async () => {
    const agent = await start();
    steps.before = ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    peer.push({ offer: offerOf(small) });
    await until(() => steps.runs === 1, "the work has begun");
    await agent.stop();
    assert.equal(peer.heard.at(-1)?.body, "drain");
    steps.before = () => Promise.resolve();
    await start();
    await until(() => peer.receipts.size === 1, "the answer is there");
    assert.deepEqual(hellos()[1]?.held, [{ assignmentId: "run.1.train.acme.berlin", attempt: 1 }]);
    assert.equal(steps.runs, 2);
    assert.equal(failures().length, 0);
  });

  it("goes on under a higher attempt, and ignores a lower one", async () => {
    await start();
    let release = () => {};
    steps.before = () => new Promise((resolve) => (release = resolve));
    peer.push({ offer: offerOf(small, { attempt: 2 }) });
    await until(() => steps.runs === 1, "the work has begun");
    peer.push({ offer: offerOf(small, { attempt: 3 }) });
    peer.push({ offer: offerOf(small, { attempt: 1 }) });
    await until(() => accepts().length === 2, "the newer attempt is accepted");
    release();
    await until(() => peer.receipts.size === 1, "the answer is there");
    assert.deepEqual(
      accepts().map(({ attempt }) => attempt),
      [2, 3],
    );
    assert.equal(peer.headers[0]?.attempt, 3);
    assert.equal(steps.runs, 1);
  });

  it("stops work that is cancelled, and does the next", async () => {
    const agent = await start();
    let aborted = false;
    steps.before = ({ draw, signal }) =>
      new Promise((resolve, reject) => {
        if (draw === 2) {
          resolve();
          return;
        }
        signal.addEventListener("abort", () => {
          aborted = true;
          reject(new Error("aborted"));
        });
      });
    peer.push({ offer: offerOf(small) });
    await until(() => steps.runs === 1, "the work has begun");
    peer.push({ cancel: { assignmentId: "run.1.train.acme.berlin", reason: "the run was cancelled" } });
    peer.push({ offer: offerOf(small, { round: 2 }) });
    await until(() => peer.receipts.size === 1, "the next answer is there");
    assert.equal(aborted, true);
    assert.equal(peer.headers[0]?.assignmentId, "run.2.train.acme.berlin");
    assert.equal(failures().length, 0);
    const kept = await journal(agent);
    assert.equal(kept.find(parseAssignmentId("run.1.train.acme.berlin"))?.state, "cancelled");
    kept.close();
  });

  it("keeps a final refusal with the hub's sentence, and does not send the answer again", async () => {
    const agent = await start();
    peer.refusal = new ComityError("UPDATE_NOT_FINITE", "Tensor w has NaN at 7.");
    peer.push({ offer: offerOf(large) });
    await until(() => peer.headers.length === 1, "the answer was sent");
    peer.refusal = undefined;
    peer.push({ offer: offerOf(small, { round: 2 }) });
    await until(() => peer.receipts.size === 1, "the next answer is there");
    assert.equal(peer.headers.length, 2);
    const kept = await journal(agent);
    const entry = kept.find(parseAssignmentId("run.1.train.acme.berlin"));
    assert.equal(entry?.state, "refused");
    assert.deepEqual(entry.reason, {
      code: "UPDATE_NOT_FINITE",
      text: "Tensor w has NaN at 7.",
      retryable: false,
    });
    kept.close();
    assert.deepEqual(await readdir(join(dir, "outbox")), []);
  });

  it("refuses what its policy does not allow, the same when asked again, and logs it", async () => {
    await writeAgentFolder(dir, address, { more: "policy: { maxEpochs: 2 }\n" });
    const agent = await start();
    for (let time = 1; time <= 2; time++) {
      peer.push({ offer: offerOf(small, { epochs: 3 }) });
      await until(() => refusals().length === time, "the refusal is there");
    }
    assert.equal(refusals()[0]?.code, "POLICY_REFUSED");
    assert.deepEqual(refusals()[1], refusals()[0]);
    peer.push({ offer: { ...offerOf(small, { round: 2 }), kind: "dance", workJson: '{"kind":"dance"}' } });
    const elsewhere = JSON.stringify({ ...JSON.parse(offerOf(small).workJson), dataset: { name: "other" } });
    peer.push({ offer: { ...offerOf(small, { round: 3 }), workJson: elsewhere } });
    peer.push({ offer: { ...offerOf(small, { round: 4 }), base: null } });
    await until(() => refusals().length === 5, "all are refused");
    const codes = refusals()
      .slice(2)
      .map(({ code }) => code);
    assert.deepEqual(codes.sort(), ["DATASET_MISSING", "MESSAGE_INVALID", "WORK_UNSUPPORTED"]);
    assert.equal(steps.runs, 0);
    assert.equal(peer.downloads, 0);
    const kept = await journal(agent);
    assert.deepEqual(kept.decisions().filter((line) => line["rule"] === "maxEpochs").length, 1);
    kept.close();
  });

  it("lets nothing leave once the site has paused it", async () => {
    await start();
    let release = () => {};
    steps.before = () => new Promise((resolve) => (release = resolve));
    peer.push({ offer: offerOf(large) });
    await until(() => steps.runs === 1, "the work has begun");
    await writeFile(join(dir, "pause"), "");
    release();
    await until(() => refusals().length === 1, "the answer is refused");
    peer.push({ offer: offerOf(large, { round: 2 }) });
    await until(() => refusals().length === 2, "the next offer is refused");
    assert.deepEqual(
      refusals().map(({ code }) => code),
      ["POLICY_REFUSED", "POLICY_REFUSED"],
    );
    assert.equal(peer.headers.length, 0);
    await rm(join(dir, "pause"));
    steps.before = () => Promise.resolve();
    peer.push({ offer: offerOf(large, { attempt: 2 }) });
    await until(() => peer.receipts.size === 1, "work goes on after the pause");
  });

  it("tells the hub why work failed, never what the data says", async () => {
    await start();
    const faults: [Error, string, boolean][] = [
      [new ComityError("DATA_INVALID", "Row 7: Mrs. Miller is no number."), "DATA_INVALID", false],
      [new Error("Mrs. Miller"), "WORK_FAILED", true],
      [new ComityError("BACKEND_UNAVAILABLE", "No back end."), "BACKEND_UNAVAILABLE", false],
    ];
    for (const [index, [fault, code, retryable]] of faults.entries()) {
      steps.before = () => Promise.reject(fault);
      peer.push({ offer: offerOf(small, { round: index + 1 }) });
      await until(() => failures().length === index + 1, "the failure is told");
      assert.equal(failures()[index]?.code, code);
      assert.equal(failures()[index]?.retryable, retryable);
      assert.doesNotMatch(failures()[index]?.reason ?? "", /Miller/);
    }
    assert.equal(failures()[2]?.reason, "No back end.");
    steps.before = () => Promise.resolve();
    peer.push({ offer: offerOf(small, { round: 2, attempt: 2 }) });
    await until(() => peer.receipts.size === 1, "a higher attempt is tried anew");
  });

  it("keeps an update at home that has other tensors than the model", async () => {
    await start();
    steps.answer = () => modelOf(101);
    peer.push({ offer: offerOf(small) });
    await until(() => failures().length === 1, "the failure is told");
    assert.equal(failures()[0]?.code, "UPDATE_SCHEMA_WRONG");
    assert.equal(peer.headers.length, 0);
  });

  it("comes back by itself when the hub restarts, and delivers what it was at", async () => {
    await start();
    let release = () => {};
    steps.before = () => new Promise((resolve) => (release = resolve));
    peer.push({ offer: offerOf(large) });
    await until(() => steps.runs === 1, "the work has begun");
    await peer.stop();
    release();
    await sleep(100);
    await peer.start();
    await until(() => peer.receipts.size === 1, "the answer is there");
    assert.equal(steps.runs, 1);
    assert.deepEqual(hellos()[1]?.held, [{ assignmentId: "run.1.train.acme.berlin", attempt: 1 }]);
  });

  it("connects again when the hub falls silent", async () => {
    peer.heartbeatMs = 50;
    await start();
    await until(() => hellos().length >= 2, "a second session begins");
    assert.ok(peer.heard.some(({ heartbeat }) => heartbeat?.seq === 1));
  });

  it("stays away as long as a hub that stops asks for, then comes back", async () => {
    await start();
    peer.push({ drain: { reconnectAfterMs: 300, reason: "restart" } });
    const sinceMs = performance.now();
    await until(() => hellos().length === 2, "the agent is back");
    assert.ok(performance.now() - sinceMs >= 295);
  });

  for (const code of ["SESSION_REPLACED", "SITE_REVOKED"] as const) {
    it(`stops for good with ${code}`, async () => {
      const agent = await start();
      peer.end(new ComityError(code, "Go away."));
      await assert.rejects(agent.ended, { code, message: "Go away." });
      assert.equal(hellos().length, 1);
      // Everything is closed: the folder is free.
      const kept = await journal(agent);
      kept.close();
    });
  }

  it("stops with a hint when the hub speaks another version", async () => {
    peer.protocol = 2;
    const agent = await start();
    await assert.rejects(agent.ended, (error: unknown) => {
      assert.ok(error instanceof ComityError);
      assert.equal(error.code, "PROTOCOL_UNSUPPORTED");
      assert.match(error.hint ?? "", /Upgrade this agent/);
      return true;
    });
  });

  it("renews its certificate without losing the session or the work", async () => {
    await writeAgentFolder(dir, address, { lifetimeMs: 3000 });
    const agent = await start();
    let isDone = false;
    agent.ended.then(
      () => (isDone = true),
      () => (isDone = true),
    );
    let release = () => {};
    steps.before = () => new Promise((resolve) => (release = resolve));
    peer.push({ offer: offerOf(large) });
    await until(() => steps.runs === 1, "the work has begun");
    let fewest = 1;
    const watch = setInterval(() => (fewest = Math.min(fewest, peer.sessions)), 1);
    await until(() => peer.renewals === 1 && hellos().length === 2, "the certificate is renewed");
    await until(() => peer.sessions === 1, "the old session has ended");
    clearInterval(watch);
    assert.equal(fewest, 1);
    assert.deepEqual(hellos()[1]?.held, [{ assignmentId: "run.1.train.acme.berlin", attempt: 1 }]);
    release();
    await until(() => peer.receipts.size === 1, "the answer is there");
    assert.equal(steps.runs, 1);
    assert.equal(isDone, false);
  });

  it("refuses a second agent in the same folder, and a folder where nobody has joined", async () => {
    await start();
    await assert.rejects(startAgent({ dir, log: silentLog, steps: steps.steps }), { code: "STORE_BUSY" });
    await rm(join(dir, "identity.pem"));
    await assert.rejects(startAgent({ dir, log: silentLog, steps: steps.steps }), {
      code: "DIRECTORY_INVALID",
    });
  });
});
