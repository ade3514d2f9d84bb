import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { deferred, sleep } from "#kernel/async.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import { Federation, type OnEvent, pointsPlan, type WatchedRun } from "#test/support/federation.js";
import { httpStubs } from "#test/support/http.js";
import { assertJournalledOnce } from "#test/support/journals.js";
import { KeyedService } from "#test/support/keyed-service.js";

const post = (path: string) => ({
  call: "http",
  with: { method: "post", endpoint: `\${ $workflow.input.origin + "${path}" }`, body: { a: 1 } },
});
const head = (name: string) => ({ dsl: "1.0.3", namespace: "default", name, version: "1.0.0" });
const { dataset, model, local, deadline, grace, seed } = pointsPlan;

const child = {
  document: head("child"),
  do: [
    { rest: { wait: { milliseconds: 50 } } },
    { ask: post("/child") },
    { finish: { set: { doubled: "${ $workflow.input.n * 2 }" } } },
  ],
};

/** Something of everything: large values, rounds at sites in a loop, a wait, branches, retries, an event, a child. */
const workflow = {
  document: head("everything"),
  do: [
    { large: { set: { rows: "${ [range(9000)] }" }, export: { as: "${ { rows: .rows } }" } } },
    {
      rounds: {
        for: { each: "number", in: "${ [1, 2] }" },
        do: [
          {
            round: {
              call: "fed.round:1.0.0@default",
              with: {
                dataset,
                local,
                deadline,
                grace,
                seed,
                model: `\${ $context.model // ${JSON.stringify(model)} }`,
              },
              export: { as: "${ $context + { model: { sha256: .model.sha256 } } }" },
            },
          },
        ],
      },
    },
    { rest: { wait: { milliseconds: 150 } } },
    { both: { fork: { branches: [{ left: post("/left") }, { right: post("/right") }] } } },
    {
      tried: {
        try: [{ pay: post("/flaky") }],
        catch: {
          errors: { with: { status: 503 } },
          retry: { delay: { milliseconds: 100 }, limit: { attempt: { count: 5 } } },
        },
      },
    },
    { hear: { listen: { to: { one: { with: { type: "go", subject: "${ . == $workflow.id }" } } } } } },
    {
      nested: {
        input: { from: "${ { heard: . } }" },
        run: {
          workflow: {
            namespace: "default",
            name: "child",
            version: "1.0.0",
            input: { n: 21, origin: "${ $workflow.input.origin }" },
          },
        },
        output: { as: "${ { child: ., heard: $input.heard } }" },
      },
    },
    {
      finish: {
        set: { all: "${ . }", rows: "${ $context.rows | add }", model: "${ $context.model.sha256 }" },
      },
    },
  ],
};

const paths = ["/left", "/right", "/flaky", "/flaky", "/flaky", "/child"];

describe("a hub that is killed while it runs a workflow", function () {
  this.timeout(60_000);
  const stubs = httpStubs();
  let federation: Federation;
  let undisturbed: string;

  before(async () => {
    federation = await Federation.start({ sites: 2, settings: { http: { allow: ["127.0.0.1"] } } });
    await federation.client.publishWorkflow({ source: JSON.stringify(child) });
  });
  after(async () => {
    await federation[Symbol.asyncDispose]();
  });

  /** Runs it, wakes it, and holds what must hold however often somebody was killed on the way. */
  async function run(onEvent: OnEvent = () => undefined): Promise<WatchedRun> {
    const service = new KeyedService();
    const { origin } = await stubs(service.answer);
    const { client } = federation;
    const request = { workflowSource: JSON.stringify(workflow), inputJson: JSON.stringify({ origin }) };
    const watched = await federation.run(request, async (event) => {
      await onEvent(event);
      if (event.type !== "task.waiting" || !event.text.startsWith("hear ")) return;
      const go = { id: "go", source: `/test/${event.runId}`, type: "go", subject: event.runId, data: 7 };
      await client.publishEvent({ eventJson: JSON.stringify(go) });
      await client.publishEvent({ eventJson: JSON.stringify(go) });
    });
    const { runId, state, errorText } = watched.run;
    assert.equal(state, "completed", errorText);
    assert.deepEqual([...service.keys.values()].toSorted(), paths.toSorted());
    const { transitions } = await client.verifyRun(runId);
    assert.ok(transitions > 0);
    assertAskedOnce(watched.run);
    assertWhole(watched.events);
    return watched;
  }

  it("runs it when nobody is killed", async () => {
    const { run: ended, events } = await run();
    undisturbed = ended.outputJson;
    const { rows, all } = JSON.parse(undisturbed) as { rows: number; all: unknown };
    assert.equal(rows, 8999 * 4500);
    assert.deepEqual(all, { child: { doubled: 42 }, heard: [7] });
    assert.ok(events.some(({ type }) => type === "task.retrying"));
  });

  // At which of them; sites take seconds to come back, so rounds are disturbed once each.
  const moments = [
    ["task.running", 1, 6],
    ["task.completed", 2, 7],
    ["task.retrying", 1, 2],
    ["task.waiting", 1, 2],
    ["round.started", 1],
    ["round.aggregated", 2],
    ["round.completed", 1],
  ] as const;
  for (const [moment, ...times] of moments) {
    it(`ends with the same output, killed after ${moment} ${times.join(" and ")}`, async () => {
      let seen = 0;
      let killed = 0;
      const { run: ended } = await run(async ({ type }) => {
        if (type !== moment || !times.includes(++seen as never)) return;
        killed += 1;
        await federation.kill("hub");
        await federation.up("hub");
      });
      assert.equal(killed, times.length);
      assert.equal(ended.outputJson, undisturbed);
    });
  }

  it("ends with the same output, killed at arbitrary moments", async () => {
    const over = new AbortController();
    const begun = deferred();
    const killing = (async () => {
      await begun.promise;
      for (const delayMs of [40, 310, 170, 10]) {
        await sleep(delayMs, over.signal);
        if (over.signal.aborted) return;
        await federation.kill("hub");
        await federation.up("hub");
      }
    })();
    const { run: ended } = await run(() => begun.resolve());
    over.abort();
    await killing;
    assert.equal(ended.outputJson, undisturbed);
  });

  it("ends with the same output when an agent is killed in a round", async () => {
    let killed = false;
    const { run: ended } = await run(async ({ type, site }) => {
      if (killed || type !== "assignment.accepted" || site !== "acme/site-1") return;
      killed = true;
      await federation.kill("site-1");
      await federation.up("site-1");
    });
    assert.ok(killed);
    assert.equal(ended.outputJson, undisturbed);
  });

  it("has journalled one end for each call, and nothing is left over", async () => {
    await federation.kill("hub");
    assertJournalledOnce(federation.dir);
    await federation.up("hub");
  });
});

/** Two rounds with two trainings and two evaluations each, delivered at the first attempt. */
function assertAskedOnce({ rounds }: Run__Output): void {
  const answers = rounds.flatMap(({ round, assignments }) =>
    assignments.map(({ site, kind, state, attempt }) => `${round} ${site} ${kind} ${state} ${attempt}`),
  );
  assert.equal(new Set(answers).size, 8, answers.join("\n"));
  assert.equal(answers.length, 8);
  for (const answer of answers) assert.match(answer, / delivered 1$/);
}

/** Every event that is kept was told once, in order. */
function assertWhole(events: readonly RunEvent__Output[]): void {
  const numbers = events.filter(({ seq }) => seq > 0).map(({ seq }) => seq);
  assert.deepEqual(
    numbers,
    numbers.map((_, at) => at + 1),
  );
}
