import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { hubPaths } from "#hub/config.js";
import { openSqlite } from "#hub/store/sqlite.js";
import type { Json } from "#kernel/json.js";
import { startTestHub, type TestHub } from "../support/hub.js";
import { ended, good, type Player, players } from "../support/training.js";

const dataset = { labels: { dataset: "digits" } };
const newModel = { name: "mlp", input: [3], classes: 2, hidden: [4] };
const [round, evaluate] = ["fed.round:1.0.0@default", "fed.evaluate:1.0.0@default"];

/** Starts a run of these steps. */
const start = (hub: TestHub, ...steps: Json[]) =>
  hub.admin.startRun({
    workflowSource: JSON.stringify({
      document: { dsl: "1.0.3", namespace: "test", name: "steps", version: "1.0.0" },
      do: steps,
    }),
  });

/** Answers every offer: updates for training, a metric for tests. */
function answering({ site, session }: Player): void {
  const answer = async () => {
    for (;;) {
      const offer = await session.next("offer");
      if (offer.kind === "train") await site.upload(good(offer));
      else {
        const { header } = good(offer);
        await site.upload({
          header: { ...header, update: null, tensors: [], metrics: { loss: 0.5 } },
          bytes: Buffer.alloc(0),
        });
      }
    }
  };
  // Ends with the session.
  answer().catch(() => undefined);
}

/** The output of a run of a hub that is stopped. */
async function outputOf(hub: TestHub, runId: string): Promise<Record<string, Json>> {
  const { db } = await openSqlite(hubPaths(hub.dir).database);
  try {
    const row = await db
      .selectFrom("runs")
      .select("output")
      .where("run_id", "=", runId)
      .executeTakeFirstOrThrow();
    return (JSON.parse(row.output ?? "null") as { value: Record<string, Json> }).value;
  } finally {
    await db.destroy();
  }
}

describe("federated functions in a workflow", function () {
  this.timeout(60_000);

  it("hand a model from round to round, and to its evaluation; rounds are numbered over the run", async () => {
    await using hub = await startTestHub();
    const [one, two] = await players(hub, "acme/one", "acme/two");
    answering(one);
    answering(two);
    const next = { dataset, model: "${ .model }", evaluation: "none" };
    const { runId } = await start(
      hub,
      { first: { call: round, with: { name: "steps", dataset, model: newModel, evaluation: "none" } } },
      { second: { call: round, with: { ...next, at: { limit: 1 } } } },
      { third: { call: evaluate, with: { dataset, model: "${ .model }" } } },
    );
    const run = await ended(hub, runId);
    assert.equal(run.state, "completed", run.errorText);
    assert.deepEqual(
      run.rounds.map(({ round: number, state, assignments }) => [
        number,
        state,
        assignments.map(({ kind, site }) => `${kind} ${site}`),
      ]),
      [
        [1, "completed", ["train acme/one", "train acme/two"]],
        [2, "completed", ["train acme/one"]],
        [3, "completed", ["evaluate acme/one", "evaluate acme/two"]],
      ],
    );
    const model = await hub.admin.getModel("steps");
    assert.deepEqual(
      model.versions.map(({ version, round: made, parent }) => [version, made, parent]),
      [
        [1, 0, 0],
        [2, 1, 1],
        [3, 2, 2],
      ],
    );
    assert.equal(run.rounds[2]?.base?.sha256, model.versions[2]?.blob?.sha256);
    const result = await hub.admin.getResult(runId);
    assert.deepEqual([result.modelVersion, result.rounds.map(({ sites }) => sites)], [3, [2, 1, 2]]);
    await hub.stop();
    assert.deepEqual(await outputOf(hub, runId), {
      metrics: { loss: 0.5 },
      samples: 20,
      sites: ["acme/one", "acme/two"],
      left: [],
    });
    await hub.start();
    assert.deepEqual(hub.faults, []);
  });

  it("show their result after each round to whoever watches it, and once when all is over", async () => {
    await using hub = await startTestHub();
    const [one] = await players(hub, "acme/one");
    const training = { dataset, evaluation: "none" };
    const { runId } = await start(
      hub,
      { first: { call: round, with: { ...training, name: "seen", model: newModel } } },
      { second: { call: round, with: { ...training, model: "${ .model }" } } },
    );
    const seen: number[] = [];
    let last = "";
    for await (const { state, rounds } of hub.admin.watchResult(runId)) {
      if (seen.length === 0) answering(one);
      seen.push(rounds.length);
      last = state;
    }
    // Each is the result as it stands when it is told: at least one now, one for each round and one for the end.
    assert.ok(seen.length >= 4 && seen[0] === 0 && seen.at(-1) === 2, String(seen));
    assert.deepEqual(seen.toSorted(), seen);
    assert.equal(last, "completed");
    const again: number[] = [];
    for await (const { rounds } of hub.admin.watchResult(runId)) again.push(rounds.length);
    assert.deepEqual(again, [2]);
    assert.deepEqual(hub.faults, []);
  });

  it("raise 424 where too few sites are there, which a workflow may catch", async () => {
    await using hub = await startTestHub();
    const [one] = await players(hub, "acme/one");
    answering(one);
    const training = { dataset, model: newModel, evaluation: "none" };
    const { runId } = await start(hub, {
      attempt: {
        try: [{ many: { call: round, with: { ...training, quorum: { min: 5 } } } }],
        catch: {
          errors: { with: { status: 424 } },
          do: [{ few: { call: round, with: { ...training, quorum: { min: 5, onShort: "proceed" } } } }],
        },
      },
    });
    const run = await ended(hub, runId);
    assert.equal(run.state, "completed", run.errorText);
    assert.deepEqual(
      run.rounds.map(({ assignments }) => assignments.length),
      [1],
    );
  });

  it("fail the run where nobody catches, with the code and each site's reason", async () => {
    await using hub = await startTestHub();
    await players(hub, "acme/one");
    const where = 'site.region == "eu"';
    const { runId } = await start(hub, {
      train: { call: round, with: { dataset, model: newModel, at: { where } } },
    });
    const run = await ended(hub, runId);
    assert.deepEqual([run.state, run.errorCode], ["failed", "SITES_TOO_FEW"]);
    assert.match(run.errorText, /acme\/one: site\.region == "eu"/);
  });

  it("stop the sites when they take too long for the workflow", async () => {
    await using hub = await startTestHub();
    const [one] = await players(hub, "acme/one");
    const { runId } = await start(hub, {
      train: { call: round, with: { dataset, model: newModel }, timeout: { after: { seconds: 2 } } },
    });
    const offer = await one.session.next("offer");
    assert.equal((await one.session.next("cancel")).assignmentId, offer.assignmentId);
    const run = await ended(hub, runId);
    assert.equal(run.state, "failed");
    assert.deepEqual([run.rounds[0]?.state, run.rounds[0]?.assignments[0]?.state], ["failed", "cancelled"]);
  });
});
