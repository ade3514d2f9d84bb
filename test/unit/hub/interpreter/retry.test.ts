import assert from "node:assert/strict";
import { standardError } from "#hub/workflow/interpreter/errors.js";
import { fraction } from "#hub/workflow/interpreter/retry.js";
import { DrivenRun } from "#test/support/driven-run.js";

let run: DrivenRun;
const down = standardError("communication", "Down", { status: 503 });

/** One call in a `try` with this catch. */
async function attempts(clause: string, more = ""): Promise<DrivenRun> {
  run = await DrivenRun.start(
    `
    use: { retries: { flaky: { delay: PT5S, limit: { attempt: { count: 1 } } } } }
    do:
      - attempt:
          try: [ { ask: { call: 'work:1.0.0@default', with: { n: '\${ .n }' } } } ]
          catch: ${clause}
    ${more}`,
    { n: 1 },
  );
  return run;
}

/** The delays before each next attempt, until there is none. */
async function delays(clause: string, at = 5): Promise<readonly number[]> {
  await attempts(clause);
  const found: number[] = [];
  while (found.length < at && run.effects.size === 1) {
    await run.fail(down);
    if (run.status !== "running") break;
    found.push(run.nextTimerMs ?? 0);
    await run.pass(run.nextTimerMs ?? 0);
  }
  return found;
}

describe("the interpreter: retries", () => {
  afterEach(() => run.replay());

  it("tries again after the delay, with the same input, and counts", async () => {
    await attempts("{ retry: flaky }");
    await run.fail(down);
    assert.equal(run.effects.size, 0);
    assert.equal(run.nextTimerMs, 5000);
    await run.pass(5000);
    assert.deepEqual(run.call.argument, { n: 1 });
    await run.complete("done");
    assert.equal(run.output, "done");
    assert.deepEqual(
      run.news.map(({ name, state, attempt }) => `${name} ${state} ${attempt}`),
      [
        "attempt running 1",
        "ask running 1",
        "ask failed 1",
        "attempt retrying 1",
        "attempt running 2",
        "ask running 2",
        "ask completed 2",
        "attempt completed 2",
      ],
    );
  });

  const policies: readonly (readonly [string, readonly number[]])[] = [
    ["{ delay: PT2S, limit: { attempt: { count: 3 } } }", [2000, 2000, 2000]],
    ["{ delay: PT2S, backoff: { constant: {} }, limit: { attempt: { count: 2 } } }", [2000, 2000]],
    ["{ delay: PT2S, backoff: { linear: {} }, limit: { attempt: { count: 3 } } }", [2000, 4000, 6000]],
    [
      "{ delay: { seconds: 2 }, backoff: { exponential: {} }, limit: { attempt: { count: 4 } } }",
      [2000, 4000, 8000, 16_000],
    ],
    ["{ delay: PT2S, backoff: { exponential: {} }, limit: { duration: PT10S } }", [2000, 4000]],
    ["{ delay: '${ \"PT\\(.n)S\" }', limit: { attempt: { count: 1 } } }", [1000]],
    ["{ limit: { attempt: { count: 2 } } }", []],
    ["{ delay: PT1S, when: $error.status == 503, limit: { attempt: { count: 1 } } }", [1000]],
    ["{ delay: PT1S, when: $error.status == 404 }", []],
    ["{ delay: PT1S, exceptWhen: $error.status == 503 }", []],
  ];
  for (const [policy, expected] of policies) {
    it(`retry: ${policy}`, async () => {
      const immediate = !policy.includes("delay");
      assert.deepEqual(await delays(`{ retry: ${policy} }`), immediate ? [0, 0] : expected);
      assert.equal(run.status, "failed");
      assert.equal(run.error?.status, 503);
    });
  }

  it("adds a jitter that looks random and is the same in every replay", async () => {
    const policy =
      "{ retry: { delay: PT10S, jitter: { from: PT1S, to: PT3S }, limit: { attempt: { count: 5 } } } }";
    const found = await delays(policy);
    assert.equal(found.length, 5);
    for (const delay of found) assert.ok(delay >= 11_000 && delay <= 13_000, String(delay));
    assert.ok(new Set(found).size > 1);
    assert.deepEqual(await delays(policy), found);
  });

  it("the jitter is spread over its range", () => {
    const tenths = new Array<number>(10).fill(0);
    for (let n = 0; n < 10_000; n += 1) {
      const tenth = Math.min(9, Math.floor(fraction(`run ${n}`) * 10));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) assert.ok(count > 850 && count < 1150, tenths.join(" "));
  });

  it("first come the retries, then `do`, once", async () => {
    await attempts("{ retry: flaky, do: [ { giveUp: { set: { gaveUp: '${ $error.status }' } } } ] }");
    await run.fail(down);
    await run.pass(5000);
    await run.fail(down);
    assert.deepEqual(run.output, { gaveUp: 503 });
    assert.deepEqual(run.names("completed"), ["giveUp", "attempt"]);
  });

  it("each attempt has its own time", async () => {
    await attempts("{ retry: { delay: PT1S, limit: { attempt: { count: 1, duration: PT4S } } } }");
    await run.pass(4000);
    assert.deepEqual(run.cancelled, ["e1"]);
    await run.pass(1000);
    assert.equal(run.call.effect, "e2");
    await run.pass(3999);
    assert.equal(run.status, "running");
    await run.pass(1);
    assert.equal(run.status, "failed");
    assert.deepEqual([run.error?.status, run.error?.instance], [408, "/do/0/attempt"]);
    assert.equal(run.timers.size, 0);
  });

  it("an attempt that is done in time leaves no timer", async () => {
    await attempts("{ retry: { limit: { attempt: { duration: PT4S } } } }");
    await run.complete(1);
    assert.deepEqual([run.status, run.timers.size], ["completed", 0]);
  });

  it("a policy that is not there is an error of configuration", async () => {
    await attempts("{ retry: unknown }");
    assert.match(run.error?.type ?? "", /configuration$/);
  });

  it("a timeout around it all ends the waiting too", async () => {
    run = await DrivenRun.start(`
      do:
        - attempt:
            try: [ { ask: { call: 'work:1.0.0@default' } } ]
            catch: { retry: { delay: PT1H } }
            timeout: { after: PT1M }`);
    await run.fail(down);
    await run.pass(60_000);
    assert.deepEqual([run.status, run.error?.status, run.timers.size], ["failed", 408, 0]);
  });
});
