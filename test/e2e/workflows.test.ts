import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { type CliOutcome, comity } from "#test/support/cli.js";
import { Federation } from "#test/support/federation.js";
import { readPage, root } from "#test/support/pages.js";

const order = `${root}examples/workflows/order.yaml`;
const approve = `${root}examples/workflows/approve-by-event.yaml`;

/** The lines of a file of JSON lines. */
const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("a workflow without a hub", function () {
  this.timeout(60_000);
  const input = '{"items": [{"price": 4}, {"price": 7}], "limit": 50}';

  it("runs in one process: input as text, as standard input, output as JSON", async () => {
    const shown = await comity(["run", "start", order, "--local", "--input", input]);
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /^accept is complete\.$/m);
    assert.match(shown.stdout, /"total": 11/);
    const told = await comity(["run", "start", order, "--local", "--input", "-", "--json"], { input });
    assert.deepEqual(jsonLines(told.stdout).at(-1), {
      event: "result",
      workflow: "order",
      state: "completed",
      output: { accepted: true, total: 11 },
    });
  });

  it("ends with the code of what it failed with", async () => {
    const low = input.replace("50", "5");
    const { code, stderr } = await comity(["run", "start", order, "--local", "--input", low]);
    assert.deepEqual(
      { code, stderr },
      { code: 40, stderr: "error TASK_FAILED: The order is too large: 11 is more than 5\n" },
    );
  });

  it("says that an event cannot come, instead of waiting for ever", async () => {
    const text =
      "document: { dsl: 1.0.3, namespace: test, name: hears, version: 1.0.0 }\ndo:\n  - hear: { listen: { to: { one: { with: { type: a.b } } } } }\n";
    const { code, stderr } = await comity(["run", "start", "-", "--local"], { input: text });
    assert.equal(code, 50);
    assert.match(stderr, /^error WORK_UNSUPPORTED: Task hear waits for an event of type a\.b\. Nobody can/);
  });

  it("takes no option that needs a hub, and no name of a published workflow", async () => {
    for (const words of [["--key", "k"], ["--dry-run"], ["--hub", "x.json"]]) {
      const { code, stderr } = await comity(["run", "start", order, "--local", ...words]);
      assert.equal(code, 2);
      assert.match(stderr, /^error USAGE: Option '--local' cannot be used with option /);
    }
    const { code, stderr } = await comity(["run", "start", "order", "--local"]);
    assert.equal(code, 2);
    assert.match(stderr, /order is none\.\nhint: /);
  });
});

describe("workflows at a hub with two sites", function () {
  this.timeout(60_000);
  let federation: Federation;
  before(async () => void (federation = await Federation.start({ sites: 2 })));
  after(() => federation[Symbol.asyncDispose]());

  const at = (...words: string[]): Promise<CliOutcome> =>
    comity(words, { env: { COMITY_HOME: join(federation.dir, "hub") }, cwd: federation.dir });
  const well = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await at(...words);
    assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
    return stdout;
  };
  const started = async (...words: string[]): Promise<string> =>
    (JSON.parse(await well("run", "start", ...words, "--json")) as { runId: string }).runId;
  const run = (id: string) => federation.client.getRun(id);

  it("trains round by round until the model is good enough, as the example has it", async () => {
    const text = (await readPage("examples/workflows/train-until-good.yaml"))
      .replace("dataset: digits", "dataset: points")
      .replace("input: [784], classes: 10, hidden: [64]", "input: [4], classes: 2, hidden: [8]");
    await writeFile(join(federation.dir, "train.yaml"), text);
    const input = '{"rounds": 3, "accuracy": 0.99}';
    const plan = await well("run", "start", "train.yaml", "--input", input, "--dry-run");
    assert.match(plan, /^ {4}oneRound +fed\.round:1\.0\.0@default +would go to 2 sites$/m);
    assert.match(plan, /^ {6}acme\/site-1 +yes$/m);
    const lines = jsonLines(await well("run", "start", "train.yaml", "--input", input, "--watch", "--json"));
    const { state, output } = lines.at(-1) as { state: string; output: { accuracy: number } };
    assert.equal(state, "completed");
    assert.ok(output.accuracy > 0.5 && output.accuracy <= 1);
    assert.ok(lines.some(({ event, round }) => event === "round.completed" && round === 1));
  });

  it("waits for an event, is paused and resumed, and starts once for one key", async () => {
    await well("workflow", "publish", approve);
    const input = '{"batch": 7, "minutes": 60}';
    const id = await started("approve-by-event", "--input", input, "--key", "batch-7");
    assert.equal(await started("approve-by-event", "--input", input, "--key", "batch-7"), id);
    assert.match(await well("run", "why"), /^Task decision waits for an event of type org\.example\.batch\./);
    await well("run", "pause", id, "--reason", "lunch");
    const event = (batch: number) =>
      JSON.stringify({ type: "org.example.batch.decided.v1", data: { batch, approved: true, by: "ada" } });
    assert.match(await well("event", "send", event(8)), /has reached 0 runs\.$/m);
    assert.match(await well("event", "send", event(7)), /has reached 1 run\.$/m);
    assert.equal((await run(id)).state, "paused");
    await well("run", "resume", id);
    const shown = await well("run", "watch", id);
    assert.match(shown, /^admin has paused the run: lunch\.$/m);
    assert.match(shown, /"by": "ada"/);
    assert.match(await well("run", "show", id), /^ {2}decision +listen +completed/m);
  });

  it("undoes what is to be undone when it is cancelled", async () => {
    const text = `document: { dsl: 1.0.3, namespace: test, name: booking, version: 1.0.0 }
do:
  - booked:
      try:
        - book: { set: { booked: true } }
        - hold: { wait: { hours: 1 } }
      catch:
        errors: { with: { type: https://serverlessworkflow.io/spec/1.0.0/errors/cancelled } }
        do:
          - undo: { emit: { event: { with: { source: https://example.org, type: org.example.undone.v1 } } } }
`;
    await writeFile(join(federation.dir, "booking.yaml"), text);
    const id = await started("booking.yaml");
    await well("run", "cancel", id, "--reason", "changed");
    const watched = await at("run", "watch", id);
    assert.equal(watched.code, 40);
    assert.match(watched.stdout, /^undo is complete\.$/m);
    assert.match(watched.stderr, /^error RUN_CANCELLED: admin has cancelled the run: changed\.\nhint: /);
    assert.match(await well("run", "why", id), /^admin has cancelled the run: changed\.$/m);
    assert.match(await well("run", "verify", id), /^The journal gives the snapshot: /);
  });

  it("goes on from a task of one's choice, and is watched to its real end", async () => {
    const text = `document: { dsl: 1.0.3, namespace: test, name: sum, version: 1.0.0 }
do:
  - one: { set: { n: 1 } }
  - two: { set: { n: "\${ .n + 1 }" } }
  - three: { set: { n: "\${ 1 + \\"x\\" }" } }
`;
    await writeFile(join(federation.dir, "sum.yaml"), text);
    await writeFile(join(federation.dir, "sum-2.yaml"), text.replace('1 + \\"x\\"', ".n * 10"));
    const failed = await at("run", "start", "sum.yaml", "--watch");
    assert.equal(failed.code, 40);
    const [{ runId: id } = { runId: "" }] = (await federation.client.listRuns(1)).runs;
    const before = await run(id);
    for (const words of [
      ["--from", "nothing"],
      ["--from", "two", "--definition", approve],
      ["--definition", "nowhere.yaml"],
    ])
      assert.notEqual((await at("run", "retry", id, ...words)).code, 0);
    assert.deepEqual(await run(id), before);
    await well("run", "retry", id, "--from", "two", "--definition", "sum-2.yaml");
    const lines = jsonLines(await well("run", "watch", id, "--json"));
    assert.deepEqual(lines.at(-1)?.["output"], { n: 20 });
    assert.ok(lines.some(({ event }) => event === "run.retried"));
    const task = JSON.parse(await well("run", "show", id, "--task", "two", "--json")) as { passes: number };
    assert.equal(task.passes, 2);
  });
});
