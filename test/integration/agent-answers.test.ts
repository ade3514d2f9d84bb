import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { hashBytes } from "#kernel/files.js";
import { parseAssignmentId } from "#kernel/ids.js";
import type { RunningAgent } from "#node-agent/main.js";
import type { Step } from "#node-agent/steps/step.js";
import type { FromHub } from "#proto/generated/comity/v1/FromHub.js";
import type { UploadHeader__Output } from "#proto/generated/comity/v1/UploadHeader.js";
import { type EvaluateBody, evaluate } from "#proto/work/evaluate.js";
import { offerOf, plusOne, TestSteps, tensorOf } from "../support/agent.js";
import { AgentWithPeer, middling, small } from "../support/agent-with-peer.js";
import { until } from "../support/rpc.js";

describe("an agent of a hub that takes answers over the session", () => {
  const site = new AgentWithPeer();
  const start = () => site.start();
  /** What a hub says that has an answer. */
  const accept = (header: UploadHeader__Output): FromHub => ({ receipt: site.peer.accept(header) });

  beforeEach(() => {
    site.peer.capabilities = ["answers"];
  });

  /** The answers that came by Upload. */
  const uploaded = () => site.peer.headers.filter((header) => !site.answered().includes(header));

  it("sends what is small with its bytes in one message, and what is large as ever", async () => {
    const agent = await start();
    for (const [index, model] of [small, middling].entries()) {
      site.peer.push({ offer: offerOf(model, { round: index + 1 }) });
      await until(() => site.peer.receipts.size === index + 1, "the answer is there");
    }
    site.peer.push({ offer: offerOf(small, { round: 3, kind: "evaluate" }) });
    await until(() => site.peer.receipts.size === 3, "the figures are there");
    const [train, evaluate] = site.answered();
    assert.equal(site.answered().length, 2);
    assert.ok(train);
    assert.deepEqual(Buffer.from(train.inline), plusOne(small));
    assert.equal(train.samples, 18);
    assert.equal(train.baseSha256, hashBytes(small));
    assert.deepEqual(train.tensors, [tensorOf(100)]);
    assert.equal(train.offset, 0);
    assert.equal(evaluate?.update, null);
    assert.equal(evaluate.inline.length, 0);
    assert.deepEqual(
      uploaded().map(({ assignmentId }) => assignmentId),
      ["run.2.train.acme.berlin"],
    );
    assert.deepEqual(site.peer.stored.get("run.2.train.acme.berlin"), plusOne(middling));
    assert.match(train.dataVersion, /^[0-9a-f]{64}$/);
    assert.equal(new Set(site.peer.headers.map(({ dataVersion }) => dataVersion)).size, 1);
    const kept = await site.journal(agent);
    assert.deepEqual(kept.open(), []);
    kept.close();
  });

  it("tells by another data version that the rows have changed", async () => {
    await start();
    site.peer.push({ offer: offerOf(small) });
    await until(() => site.peer.receipts.size === 1, "the first answer is there");
    await appendFile(join(site.dir, "toy.csv"), "30,1\n");
    site.peer.push({ offer: offerOf(small, { round: 2 }) });
    await until(() => site.peer.receipts.size === 2, "the second answer is there");
    site.steps.before = async () => await appendFile(join(site.dir, "toy.csv"), "31,1\n");
    site.peer.push({ offer: offerOf(small, { round: 3 }) });
    await until(() => site.peer.receipts.size === 3, "the third answer is there");
    site.steps.before = () => Promise.resolve();
    site.peer.push({ offer: offerOf(small, { round: 4 }) });
    await until(() => site.peer.receipts.size === 4, "the fourth answer is there");
    assert.equal(new Set(site.peer.headers.map(({ dataVersion }) => dataVersion)).size, 4);
  });

  it("sends the same answer over the next session when nothing has come back, and does the work once", async () => {
    await start();
    site.peer.reply = () => undefined;
    site.peer.push({ offer: offerOf(small) });
    await until(() => site.answered().length === 1, "the answer was sent");
    site.peer.reply = accept;
    await site.peer.stop();
    await site.peer.start();
    await until(() => site.peer.receipts.size === 1, "the receipt has gone out");
    assert.deepEqual(site.hellos()[1]?.held, [{ assignmentId: "run.1.train.acme.berlin", attempt: 1 }]);
    assert.equal(site.steps.runs, 1);
    assert.equal(new Set(site.answered().map(({ opId }) => opId)).size, 1);
  });

  it("sends it after a restart, by upload if the hub has been exchanged for an older one", async () => {
    for (const capabilities of [["answers"], []]) {
      const before = site.peer.receipts.size;
      site.peer.capabilities = ["answers"];
      site.peer.reply = () => undefined;
      await start();
      site.peer.push({ offer: offerOf(small, { round: before + 1 }) });
      await until(() => site.answered().length > 0, "the answer was sent");
      // Its time to finish what is being sent would pass in vain.
      await site.peer.stop();
      await site.stop();
      site.peer.heard.length = 0;
      site.peer.capabilities = capabilities;
      site.peer.reply = accept;
      await site.peer.start();
      await start();
      await until(() => site.peer.receipts.size === before + 1, "the answer is there");
      assert.equal(site.answered().length, capabilities.length);
      await site.stop();
    }
    assert.equal(site.steps.runs, 2);
    assert.deepEqual(site.peer.stored.get("run.2.train.acme.berlin"), plusOne(small));
  });

  it("tries again what the hub may take later, and keeps a final refusal", async () => {
    const agent = await start();
    const refused =
      (code: string, retryable: boolean) => (header: { opId: string; assignmentId: string }) => ({
        answerRefused: { ...header, attempt: 1, code, reason: "Not now.", hint: "Wait.", retryable },
      });
    for (const [index, code] of ["DISK_FULL", "SOMETHING_NEWER", "INTERNAL"].entries()) {
      let told = false;
      site.peer.reply = (header) => {
        const first = !told;
        told = true;
        return first ? refused(code, code !== "INTERNAL")(header) : accept(header);
      };
      site.peer.push({ offer: offerOf(small, { round: index + 1 }) });
      await until(() => site.peer.receipts.size === index + 1, "the second try was taken");
    }
    for (const [index, code] of ["UPDATE_NOT_FINITE", "SOMETHING_NEWER"].entries()) {
      site.peer.reply = refused(code, false);
      site.peer.push({ offer: offerOf(small, { round: index + 4 }) });
      const count = site.peer.headers.length;
      await until(() => site.peer.headers.length > count, "the answer was sent");
    }
    site.peer.reply = accept;
    site.peer.push({ offer: offerOf(small, { round: 6 }) });
    await until(() => site.peer.receipts.size === 4, "the next answer is there");
    const kept = await site.journal(agent);
    const reasonOf = (round: number) =>
      kept.find(parseAssignmentId(`run.${round}.train.acme.berlin`))?.reason;
    assert.deepEqual(reasonOf(4), { code: "UPDATE_NOT_FINITE", text: "Not now.", retryable: false });
    assert.deepEqual(reasonOf(5), {
      code: "MESSAGE_INVALID",
      text: "SOMETHING_NEWER: Not now.",
      retryable: false,
    });
    kept.close();
  });

  it("goes on under a higher attempt when the lower one comes too late", async () => {
    await start();
    site.peer.reply = (header) => {
      if (header.attempt > 1) return accept(header);
      site.peer.push({ offer: offerOf(small, { attempt: 2 }) });
      return {
        answerRefused: { ...header, code: "ASSIGNMENT_LATE", reason: "Late.", hint: "", retryable: false },
      };
    };
    site.peer.push({ offer: offerOf(small) });
    await until(() => site.peer.receipts.size === 1, "the answer is there");
    assert.equal(site.steps.runs, 1);
  });

  it("lets nothing leave once the site has paused it", async () => {
    await start();
    let release = () => {};
    site.steps.before = () => new Promise((resolve) => (release = resolve));
    site.peer.push({ offer: offerOf(small) });
    await until(() => site.steps.runs === 1, "the work has begun");
    await writeFile(join(site.dir, "pause"), "");
    release();
    await until(() => site.refusals().length === 1, "the answer is refused");
    assert.equal(site.peer.headers.length, 0);
  });

  describe("work that is brief, with a value", () => {
    let values: unknown[] = [];
    let once = false;
    const counting = (): Step<EvaluateBody, "base", number> => ({
      kind: {
        ...evaluate,
        brief: true,
        inputs: { base: { required: false, fetch: "asked", purpose: "nothing" } },
        answer: {
          leaves: "value",
          weight: "none",
          value: () => ({ schema: z.number(), maxBytes: 1_000_000 }),
          counts: (_body, value) => [value],
          once,
          kept: "folded",
        },
      },
      run: async (_body, context) => {
        site.steps.runs++;
        await site.steps.before(context);
        const value = values[site.steps.runs - 1] as number;
        return { samples: 0, figures: {}, value };
      },
    });
    beforeEach(() => {
      values = [5, 6, 7, 8];
      once = false;
    });
    const startCounting = async (): Promise<RunningAgent> => {
      site.steps.only = [counting()];
      return await start();
    };
    const offerCount = (more: object = {}) => ({
      offer: { ...offerOf(small, { kind: "evaluate" }), base: null, ...more },
    });

    it("is answered without a promise and without progress; decision and digest are in the log", async () => {
      const agent = await startCounting();
      site.steps.before = (context) => {
        context.progress(0.5, "half");
        return Promise.resolve();
      };
      site.peer.push(offerCount());
      await until(() => site.peer.receipts.size === 1, "the answer is there");
      const [header] = site.answered();
      assert.equal(header?.valueJson, "5");
      assert.equal(header.baseSha256, "");
      assert.equal(header.samples, 0);
      assert.equal(header.update, null);
      assert.deepEqual(
        site.peer.heard.filter(({ body }) => body === "accept" || body === "progress"),
        [],
      );
      assert.equal(site.peer.downloads, 0);
      const kept = await site.journal(agent);
      const [outgoing, allowed] = kept.decisions();
      assert.equal(outgoing?.["value_sha256"], hashBytes("5"));
      assert.equal(allowed?.["event"], "allowed");
      kept.close();
    });

    it("fetches what it may ask for when it asks, and once", async () => {
      await startCounting();
      const base = { sha256: hashBytes(small), sizeBytes: small.length };
      site.peer.push(offerCount({ base }));
      await until(() => site.peer.receipts.size === 1, "the first answer is there");
      assert.equal(site.peer.downloads, 0);
      site.steps.before = async (context) => {
        const [file, again] = await Promise.all([context.input("base"), context.input("base")]);
        assert.deepEqual(await readFile(file?.path ?? ""), small);
        assert.deepEqual(again, file);
        assert.equal(await context.input("other"), undefined);
      };
      for (const round of [2, 3]) {
        site.peer.push(
          offerCount({
            ...offerOf(small, { round, kind: "evaluate" }),
            inputs: [{ name: "base", blob: base }],
          }),
        );
        await until(() => site.peer.receipts.size === round, "the next answer is there");
      }
      assert.equal(site.peer.downloads, 1);
    });

    it("gives the stored value when it is offered again", async () => {
      await startCounting();
      for (let time = 1; time <= 3; time++) {
        site.peer.push(offerCount());
        await until(() => site.answered().length === time, "the answer is there");
      }
      assert.deepEqual(new Set(site.answered().map(({ valueJson }) => valueJson)), new Set(["5"]));
      assert.equal(site.steps.runs, 1);
      assert.equal(site.accepts().length, 0);
    });

    it("does not wait for long work, nor does it fail with it", async () => {
      site.steps.only = [...new TestSteps().steps.slice(0, 1), counting()];
      let release = () => {};
      const [training] = site.steps.only;
      assert.ok(training);
      site.steps.only = [
        {
          ...training,
          run: async (body, context) => {
            await new Promise<void>((resolve) => (release = resolve));
            return await training.run(body, context);
          },
        },
        counting(),
      ];
      await start();
      site.peer.push({ offer: offerOf(small) });
      await until(() => site.accepts().length === 1, "the training is accepted");
      site.peer.push(offerCount());
      await until(() => site.peer.receipts.size === 1, "the count is there");
      release();
      await until(() => site.peer.receipts.size === 2, "the training is there");
    });

    it("keeps at home what stands for too few rows, and says by which rule", async () => {
      values = [4];
      const agent = await startCounting();
      site.peer.push(offerCount());
      await until(() => site.refusals().length === 1, "it is refused");
      assert.equal(site.refusals()[0]?.code, "POLICY_REFUSED");
      assert.match(site.refusals()[0]?.reason ?? "", /fewer rows.*minCell/);
      assert.equal(site.answered().length, 0);
      const kept = await site.journal(agent);
      const events = kept.decisions().map(({ event }) => event);
      assert.deepEqual(events, ["refused", "allowed"]);
      kept.close();
    });

    it("sends a value that is no small one by upload", async () => {
      values = [10 ** 20];
      site.steps.only = [
        {
          ...counting(),
          kind: {
            ...counting().kind,
            answer: {
              leaves: "value",
              weight: "none",
              value: () => ({ schema: z.string(), maxBytes: 200_000 }),
              kept: "folded",
            },
          },
          run: () => Promise.resolve({ samples: 0, figures: {}, value: "x".repeat(100_000) }),
        },
      ];
      await start();
      site.peer.push(offerCount());
      await until(() => site.peer.receipts.size === 1, "the answer is there");
      assert.equal(site.answered().length, 0);
      assert.equal(site.peer.headers[0]?.valueJson.length, 100_002);
    });

    it("that may have one answer only sends it again under any attempt, and refuses other work", async () => {
      once = true;
      await startCounting();
      site.peer.push(offerCount());
      await until(() => site.peer.receipts.size === 1, "the answer is there");
      for (const attempt of [1, 2]) {
        const count = site.answered().length;
        site.peer.push(offerCount({ attempt }));
        await until(() => site.answered().length > count, "the answer is there again");
      }
      assert.deepEqual(
        site.answered().map(({ valueJson, attempt }) => [valueJson, attempt]),
        [
          ["5", 1],
          ["5", 1],
          ["5", 2],
        ],
      );
      site.peer.push(offerCount({ attempt: 3, draw: 9 }));
      await until(() => site.refusals().length === 1, "other work is refused");
      assert.equal(site.refusals()[0]?.code, "MESSAGE_INVALID");
      assert.equal(site.steps.runs, 1);
    });
  });

  describe("work that keeps something at the site", () => {
    /** Adds the number that it is given to the one that it has kept. */
    const adding: Step<EvaluateBody, "base", number> = {
      kind: {
        ...evaluate,
        inputs: { base: { required: false, fetch: "asked", purpose: "nothing" } },
        answer: {
          leaves: "value",
          weight: "none",
          value: () => ({ schema: z.number(), maxBytes: 100 }),
          keeps: () => true,
          kept: "round",
        },
      },
      run: async ({ batch }, { state, directory }) => {
        const before = state === undefined ? 0 : Number((await readFile(state.path, "utf8")).trim());
        const statePath = join(directory, "sum");
        // Above 64 KiB from 100 on: in a file beside the journal.
        const length = before + batch >= 100 ? 70_000 : 10;
        await writeFile(statePath, String(before + batch).padStart(length));
        return { samples: 0, figures: {}, value: before + batch, statePath };
      },
    };
    const add = (round: number, batch: number, stateFrom = "") => {
      const { workJson, ...rest } = offerOf(small, { round, kind: "evaluate" });
      const work = JSON.stringify({ ...(JSON.parse(workJson) as object), batch });
      return { offer: { ...rest, base: null, workJson: work, stateKey: "run/sum", stateFrom } };
    };
    const nameOf = (round: number) => `run.${round}.evaluate.acme.berlin`;
    const sums = () => site.answered().map(({ valueJson }) => Number(valueJson));
    beforeEach(() => {
      site.steps.only = [adding];
    });

    it("goes on from the answer that the offer names, also after a restart, and tells which it was", async () => {
      await start();
      site.peer.push(add(1, 1));
      await until(() => site.peer.receipts.size === 1, "the first answer is there");
      site.peer.push(add(2, 200, nameOf(1)));
      await until(() => site.peer.receipts.size === 2, "the second answer is there");
      await site.stop();
      await start();
      assert.deepEqual(
        site.hellos().map(({ runs }) => runs),
        [[], ["run"]],
      );
      // The second round was not complete: its answer does not count.
      site.peer.push(add(3, 5, nameOf(1)));
      await until(() => site.peer.receipts.size === 3, "the third answer is there");
      site.peer.push(add(4, 100, nameOf(3)));
      await until(() => site.peer.receipts.size === 4, "the fourth answer is there");
      site.peer.push(add(5, 7, nameOf(4)));
      await until(() => site.peer.receipts.size === 5, "the fifth answer is there");
      assert.deepEqual(sums(), [1, 201, 6, 106, 113]);
      assert.deepEqual(
        site.answered().map(({ stateFrom }) => stateFrom),
        ["", nameOf(1), nameOf(1), nameOf(3), nameOf(4)],
      );
      assert.equal((await readdir(join(site.dir, "states"))).length, 2);
    });

    it("is declined when that is lost, and may begin anew", async () => {
      const agent = await start();
      site.peer.push(add(1, 1, nameOf(0)));
      await until(() => site.refusals().length === 1, "the offer is declined");
      assert.equal(site.refusals()[0]?.code, "STATE_LOST");
      site.peer.push({ offer: { ...add(1, 1).offer, attempt: 2 } });
      await until(() => site.peer.receipts.size === 1, "the answer is there");
      const { offer } = add(2, 1);
      site.peer.push({ offer: { ...offer, stateKey: "" } });
      site.peer.push({ offer: { ...offer, assignmentId: "b", stateKey: "elsewhere/sum" } });
      await until(() => site.refusals().length === 3, "what is no offer is declined");
      assert.deepEqual(
        site.refusals().map(({ code }) => code),
        ["STATE_LOST", "MESSAGE_INVALID", "MESSAGE_INVALID"],
      );
      const kept = await site.journal(agent);
      assert.equal(kept.find(parseAssignmentId(nameOf(1)))?.state, "done");
      kept.close();
    });

    it("is forgotten when the hub says that the run is over", async () => {
      await start();
      site.peer.push(add(1, 150));
      await until(() => site.peer.receipts.size === 1, "the answer is there");
      assert.equal((await readdir(join(site.dir, "states"))).length, 1);
      site.peer.push({ runEnded: { runId: "run" } });
      const states = join(site.dir, "states");
      await until(() => readdirSync(states).length === 0, "the state is gone");
      site.peer.push(add(2, 1, nameOf(1)));
      await until(() => site.refusals().length === 1, "the state is not there any more");
      await site.stop();
      await start();
      assert.deepEqual(site.hellos()[1]?.runs, []);
    });
  });
});
