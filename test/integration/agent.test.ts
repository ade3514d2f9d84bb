import assert from "node:assert/strict";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { parseAssignmentId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { type RunningAgent, startAgent } from "#node-agent/main.js";
import { modelOf, offerOf, plusOne, tensorOf, writeAgentFolder } from "../support/agent.js";
import { AgentWithPeer, large, small } from "../support/agent-with-peer.js";
import { until } from "../support/rpc.js";

/** The files of a folder and of those in it. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe("an agent", () => {
  const site = new AgentWithPeer();
  const { running } = site;
  const start = () => site.start();
  const journal = (agent: RunningAgent) => site.journal(agent);

  it("accepts, trains, delivers and forgets: one download for one base model", async () => {
    const agent = await start();
    for (const [index, kind] of (["train", "evaluate"] as const).entries()) {
      site.peer.push({ offer: offerOf(large, { kind }) });
      await until(() => site.peer.receipts.size === index + 1, "the answer is there");
    }
    assert.deepEqual(
      site.accepts().map(({ assignmentId }) => assignmentId),
      ["run.1.train.acme.berlin", "run.1.evaluate.acme.berlin"],
    );
    const [train, evaluate] = site.peer.headers;
    assert.equal(train?.samples, 18);
    assert.equal(train.baseSha256, hashBytes(large));
    assert.deepEqual(train.tensors, [tensorOf(200_000)]);
    assert.deepEqual(site.peer.stored.get(train.assignmentId), plusOne(large));
    assert.equal(evaluate?.update, null);
    assert.equal(evaluate.metrics["accuracy"], 1);
    assert.equal(site.peer.downloads, 1);
    const kept = await journal(agent);
    assert.deepEqual(kept.open(), []);
    const events = kept.decisions().map((line) => line["event"]);
    assert.deepEqual(events, ["outgoing", "allowed", "outgoing", "allowed"]);
    kept.close();
    assert.deepEqual(await readdir(join(site.dir, "outbox")), []);
    assert.deepEqual(await filesIn(join(site.dir, "work")), []);
  });

  it("tells what it can do: its kinds of work, what of them, and that it draws by an offer's draw", async () => {
    const [training, ...others] = site.steps.steps;
    assert.ok(training);
    site.steps.only = [{ ...training, capabilities: ["train:prox"] }, ...others];
    await start();
    assert.deepEqual(site.hellos()[0]?.capabilities, ["train", "train:prox", "evaluate", "draw"]);
    const draws: number[] = [];
    site.steps.before = ({ draw }) => Promise.resolve(void draws.push(draw));
    for (const draw of [0, 9]) {
      site.peer.push({ offer: { ...offerOf(small, { round: 3 + draw }), draw } });
      await until(
        () => site.peer.receipts.size === draws.length && draws.includes(draw === 0 ? 3 : draw),
        "done",
      );
    }
    assert.deepEqual(draws, [3, 9]);
  });

  it("gives a scratch folder to the next assignment empty, unless the work in it was broken off", async () => {
    await start();
    const folders: string[] = [];
    const found: string[][] = [];
    site.steps.before = async ({ directory, signal }) => {
      folders.push(directory);
      found.push(await readdir(directory));
      if (folders.length !== 2) return;
      site.peer.push({ cancel: { assignmentId: "run.2.train.acme.berlin", reason: "a test" } });
      await sleep(20_000, signal);
      signal.throwIfAborted();
    };
    site.peer.push({ offer: offerOf(small) });
    await until(() => site.peer.receipts.size === 1, "the first is there");
    site.peer.push({ offer: offerOf(small, { round: 2 }) });
    await until(() => folders.length === 2, "the second has begun");
    site.peer.push({ offer: offerOf(small, { round: 3 }) });
    await until(() => site.peer.receipts.size === 2, "the third is there");
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
        site.peer.cutAt = cutAt;
        site.peer.push({ offer: offerOf(model) });
        await until(
          () => site.peer.receipts.size === 1 && site.peer.headers.length === 2,
          "the second try is there",
        );
        const [first, second] = site.peer.headers;
        assert.equal(first?.offset, 0);
        assert.equal(second?.opId, first.opId);
        assert.equal(second.offset, cutAt === "reply" ? size : cutAt);
        assert.deepEqual(site.peer.stored.get(first.assignmentId), plusOne(model));
        assert.equal(site.steps.runs, 1);
        assert.deepEqual(site.hellos()[1]?.held, [{ assignmentId: first.assignmentId, attempt: 1 }]);
      });
    }
  }

  for (const model of [large, small]) {
    it(`sends the stored answer after a restart, without doing the work again (${model.length} bytes)`, async () => {
      await start();
      site.peer.refusal = new ComityError("DISK_FULL", "The hub's disk is full.");
      site.peer.push({ offer: offerOf(model) });
      await until(() => site.peer.headers.length > 0, "the answer was sent");
      await running.splice(0)[0]?.stop();
      site.peer.refusal = undefined;
      await start();
      await until(() => site.peer.receipts.size === 1, "the answer is there");
      assert.deepEqual(site.hellos()[1]?.held, [{ assignmentId: "run.1.train.acme.berlin", attempt: 1 }]);
      assert.equal(site.steps.runs, 1);
      assert.equal(new Set(site.peer.headers.map(({ opId }) => opId)).size, 1);
      assert.deepEqual(site.peer.stored.get("run.1.train.acme.berlin"), plusOne(model));
    });
  }

  it("does the work again after a stop in its middle, and tells the hub that it still holds it", async () => {
    const agent = await start();
    site.steps.before = ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    site.peer.push({ offer: offerOf(small) });
    await until(() => site.steps.runs === 1, "the work has begun");
    await agent.stop();
    assert.equal(site.peer.heard.at(-1)?.body, "drain");
    site.steps.before = () => Promise.resolve();
    await start();
    await until(() => site.peer.receipts.size === 1, "the answer is there");
    assert.deepEqual(site.hellos()[1]?.held, [{ assignmentId: "run.1.train.acme.berlin", attempt: 1 }]);
    assert.equal(site.steps.runs, 2);
    assert.equal(site.failures().length, 0);
  });

  it("goes on under a higher attempt, and ignores a lower one", async () => {
    await start();
    let release = () => {};
    site.steps.before = () => new Promise((resolve) => (release = resolve));
    site.peer.push({ offer: offerOf(small, { attempt: 2 }) });
    await until(() => site.steps.runs === 1, "the work has begun");
    site.peer.push({ offer: offerOf(small, { attempt: 3 }) });
    site.peer.push({ offer: offerOf(small, { attempt: 1 }) });
    await until(() => site.accepts().length === 2, "the newer attempt is accepted");
    release();
    await until(() => site.peer.receipts.size === 1, "the answer is there");
    assert.deepEqual(
      site.accepts().map(({ attempt }) => attempt),
      [2, 3],
    );
    assert.equal(site.peer.headers[0]?.attempt, 3);
    assert.equal(site.steps.runs, 1);
  });

  it("stops work that is cancelled, and does the next", async () => {
    const agent = await start();
    let aborted = false;
    site.steps.before = ({ draw, signal }) =>
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
    site.peer.push({ offer: offerOf(small) });
    await until(() => site.steps.runs === 1, "the work has begun");
    site.peer.push({ cancel: { assignmentId: "run.1.train.acme.berlin", reason: "the run was cancelled" } });
    site.peer.push({ offer: offerOf(small, { round: 2 }) });
    await until(() => site.peer.receipts.size === 1, "the next answer is there");
    assert.equal(aborted, true);
    assert.equal(site.peer.headers[0]?.assignmentId, "run.2.train.acme.berlin");
    assert.equal(site.failures().length, 0);
    const kept = await journal(agent);
    assert.equal(kept.find(parseAssignmentId("run.1.train.acme.berlin"))?.state, "cancelled");
    kept.close();
  });

  it("keeps a final refusal with the hub's sentence, and does not send the answer again", async () => {
    const agent = await start();
    site.peer.refusal = new ComityError("UPDATE_NOT_FINITE", "Tensor w has NaN at 7.");
    site.peer.push({ offer: offerOf(large) });
    await until(() => site.peer.headers.length === 1, "the answer was sent");
    site.peer.refusal = undefined;
    site.peer.push({ offer: offerOf(small, { round: 2 }) });
    await until(() => site.peer.receipts.size === 1, "the next answer is there");
    assert.equal(site.peer.headers.length, 2);
    const kept = await journal(agent);
    const entry = kept.find(parseAssignmentId("run.1.train.acme.berlin"));
    assert.equal(entry?.state, "refused");
    assert.deepEqual(entry.reason, {
      code: "UPDATE_NOT_FINITE",
      text: "Tensor w has NaN at 7.",
      retryable: false,
    });
    kept.close();
    assert.deepEqual(await readdir(join(site.dir, "outbox")), []);
  });

  it("refuses what its policy does not allow, the same when asked again, and logs it", async () => {
    await writeAgentFolder(site.dir, site.address, { more: "policy: { maxEpochs: 2 }\n" });
    const agent = await start();
    for (let time = 1; time <= 2; time++) {
      site.peer.push({ offer: offerOf(small, { epochs: 3 }) });
      await until(() => site.refusals().length === time, "the refusal is there");
    }
    assert.equal(site.refusals()[0]?.code, "POLICY_REFUSED");
    assert.deepEqual(site.refusals()[1], site.refusals()[0]);
    site.peer.push({
      offer: { ...offerOf(small, { round: 2 }), kind: "dance", workJson: '{"kind":"dance"}' },
    });
    const elsewhere = JSON.stringify({ ...JSON.parse(offerOf(small).workJson), dataset: { name: "other" } });
    site.peer.push({ offer: { ...offerOf(small, { round: 3 }), workJson: elsewhere } });
    site.peer.push({ offer: { ...offerOf(small, { round: 4 }), base: null } });
    await until(() => site.refusals().length === 5, "all are refused");
    const codes = site
      .refusals()
      .slice(2)
      .map(({ code }) => code);
    assert.deepEqual(codes.sort(), ["DATASET_MISSING", "MESSAGE_INVALID", "WORK_UNSUPPORTED"]);
    assert.equal(site.steps.runs, 0);
    assert.equal(site.peer.downloads, 0);
    const kept = await journal(agent);
    assert.deepEqual(kept.decisions().filter((line) => line["rule"] === "maxEpochs").length, 1);
    kept.close();
  });

  it("lets nothing leave once the site has paused it", async () => {
    await start();
    let release = () => {};
    site.steps.before = () => new Promise((resolve) => (release = resolve));
    site.peer.push({ offer: offerOf(large) });
    await until(() => site.steps.runs === 1, "the work has begun");
    await writeFile(join(site.dir, "pause"), "");
    release();
    await until(() => site.refusals().length === 1, "the answer is refused");
    site.peer.push({ offer: offerOf(large, { round: 2 }) });
    await until(() => site.refusals().length === 2, "the next offer is refused");
    assert.deepEqual(
      site.refusals().map(({ code }) => code),
      ["POLICY_REFUSED", "POLICY_REFUSED"],
    );
    assert.equal(site.peer.headers.length, 0);
    await rm(join(site.dir, "pause"));
    site.steps.before = () => Promise.resolve();
    site.peer.push({ offer: offerOf(large, { attempt: 2 }) });
    await until(() => site.peer.receipts.size === 1, "work goes on after the pause");
  });

  it("tells the hub why work failed, never what the data says", async () => {
    await start();
    const faults: [Error, string, boolean][] = [
      [new ComityError("DATA_INVALID", "Row 7: Mrs. Miller is no number."), "DATA_INVALID", false],
      [new Error("Mrs. Miller"), "WORK_FAILED", true],
      [new ComityError("BACKEND_UNAVAILABLE", "No back end."), "BACKEND_UNAVAILABLE", false],
    ];
    for (const [index, [fault, code, retryable]] of faults.entries()) {
      site.steps.before = () => Promise.reject(fault);
      site.peer.push({ offer: offerOf(small, { round: index + 1 }) });
      await until(() => site.failures().length === index + 1, "the failure is told");
      assert.equal(site.failures()[index]?.code, code);
      assert.equal(site.failures()[index]?.retryable, retryable);
      assert.doesNotMatch(site.failures()[index]?.reason ?? "", /Miller/);
    }
    assert.equal(site.failures()[2]?.reason, "No back end.");
    site.steps.before = () => Promise.resolve();
    site.peer.push({ offer: offerOf(small, { round: 2, attempt: 2 }) });
    await until(() => site.peer.receipts.size === 1, "a higher attempt is tried anew");
  });

  it("keeps an update at home that has other tensors than the model", async () => {
    await start();
    site.steps.answer = () => modelOf(101);
    site.peer.push({ offer: offerOf(small) });
    await until(() => site.failures().length === 1, "the failure is told");
    assert.equal(site.failures()[0]?.code, "UPDATE_SCHEMA_WRONG");
    assert.equal(site.peer.headers.length, 0);
  });

  it("comes back by itself when the hub restarts, and delivers what it was at", async () => {
    await start();
    let release = () => {};
    site.steps.before = () => new Promise((resolve) => (release = resolve));
    site.peer.push({ offer: offerOf(large) });
    await until(() => site.steps.runs === 1, "the work has begun");
    await site.peer.stop();
    release();
    await sleep(100);
    await site.peer.start();
    await until(() => site.peer.receipts.size === 1, "the answer is there");
    assert.equal(site.steps.runs, 1);
    assert.deepEqual(site.hellos()[1]?.held, [{ assignmentId: "run.1.train.acme.berlin", attempt: 1 }]);
  });

  it("connects again when the hub falls silent", async () => {
    site.peer.heartbeatMs = 50;
    await start();
    await until(() => site.hellos().length >= 2, "a second session begins");
    assert.ok(site.peer.heard.some(({ heartbeat }) => heartbeat?.seq === 1));
  });

  it("stays away as long as a hub that stops asks for, then comes back", async () => {
    await start();
    site.peer.push({ drain: { reconnectAfterMs: 300, reason: "restart" } });
    const sinceMs = performance.now();
    await until(() => site.hellos().length === 2, "the agent is back");
    assert.ok(performance.now() - sinceMs >= 295);
  });

  for (const code of ["SESSION_REPLACED", "SITE_REVOKED"] as const) {
    it(`stops for good with ${code}`, async () => {
      const agent = await start();
      site.peer.end(new ComityError(code, "Go away."));
      await assert.rejects(agent.ended, { code, message: "Go away." });
      assert.equal(site.hellos().length, 1);
      // Everything is closed: the folder is free.
      const kept = await journal(agent);
      kept.close();
    });
  }

  it("stops with a hint when the hub speaks another version", async () => {
    site.peer.protocol = 2;
    const agent = await start();
    await assert.rejects(agent.ended, (error: unknown) => {
      assert.ok(error instanceof ComityError);
      assert.equal(error.code, "PROTOCOL_UNSUPPORTED");
      assert.match(error.hint ?? "", /Upgrade this agent/);
      return true;
    });
  });

  it("renews its certificate without losing the session or the work", async () => {
    await writeAgentFolder(site.dir, site.address, { lifetimeMs: 3000 });
    const agent = await start();
    let isDone = false;
    agent.ended.then(
      () => (isDone = true),
      () => (isDone = true),
    );
    let release = () => {};
    site.steps.before = () => new Promise((resolve) => (release = resolve));
    site.peer.push({ offer: offerOf(large) });
    await until(() => site.steps.runs === 1, "the work has begun");
    let fewest = 1;
    const watch = setInterval(() => (fewest = Math.min(fewest, site.peer.sessions)), 1);
    await until(() => site.peer.renewals === 1 && site.hellos().length === 2, "the certificate is renewed");
    await until(() => site.peer.sessions === 1, "the old session has ended");
    clearInterval(watch);
    assert.equal(fewest, 1);
    assert.deepEqual(site.hellos()[1]?.held, [{ assignmentId: "run.1.train.acme.berlin", attempt: 1 }]);
    release();
    await until(() => site.peer.receipts.size === 1, "the answer is there");
    assert.equal(site.steps.runs, 1);
    assert.equal(isDone, false);
  });

  it("refuses a second agent in the same folder, and a folder where nobody has joined", async () => {
    await start();
    await assert.rejects(startAgent({ dir: site.dir, log: silentLog, steps: site.steps.steps }), {
      code: "STORE_BUSY",
    });
    await rm(join(site.dir, "identity.pem"));
    await assert.rejects(startAgent({ dir: site.dir, log: silentLog, steps: site.steps.steps }), {
      code: "DIRECTORY_INVALID",
    });
  });
});
