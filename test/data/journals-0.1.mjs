// Made journals-0.1.json.gz, at the commit of release 0.1: `npm run build && node test/data/journals-0.1.mjs`.
// Kept to be read. It is not run again: a newer engine would journal its own behaviour.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { FileBlobStore } from "#hub/blobs/store.js";
import { hubPaths } from "#hub/config.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { Store } from "#hub/store/store.js";
import { openLocalEngine } from "#hub/workflow/engine/local.js";
import { filePayloads } from "#hub/workflow/engine/payload-stores.js";
import { noSecrets } from "#hub/workflow/engine/secrets.js";
import { Engine } from "#hub/workflow/engine/service.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { FunctionFailure } from "#hub/workflow/function.js";
import { RunJournal } from "#hub/workflow/journal.js";
import { systemClock } from "#kernel/clock.js";
import { newOpId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { readFeatures } from "#test/conformance/feature.js";
import { parseMap } from "#test/conformance/hosts.js";
import { TestHub } from "#test/conformance/hub.js";
import { startStub, stubHost } from "#test/conformance/stub.js";
import { perform } from "#test/conformance/vocabulary.js";
import { World } from "#test/conformance/world.js";
import { connectSites, finish, openOlderHub } from "#test/support/older-hub.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const runs = [];

/** Every run of a store: what it was, what happened to it, and what came of it. */
async function record(name, store, engine) {
  const snapshots = await store.db
    .selectFrom("snapshots")
    .selectAll()
    .where("seq", ">", 0)
    .orderBy("run_id")
    .execute();
  for (const [at, snapshot] of snapshots.entries()) {
    const { run_id: runId, base_seq: seq, base_state: base, base_workflow_sha256: workflow } = snapshot;
    await engine.verify(runId);
    const rows = await store.db
      .selectFrom("transitions")
      .selectAll()
      .where("run_id", "=", runId)
      .orderBy("seq")
      .execute();
    const transitions = [];
    const definitions = {};
    const define = async (sha256) => {
      const { body } = await store.db
        .selectFrom("workflows")
        .select("body")
        .where("sha256", "=", sha256)
        .executeTakeFirstOrThrow();
      definitions[sha256] = JSON.parse(body);
    };
    await define(workflow);
    for (const row of rows) {
      const event = await engine.unpack(row.event);
      if (event.type === "run.retried" && event.definition !== undefined) await define(event.definition);
      transitions.push({ event, state: row.state_sha256 });
    }
    const final = await engine.unpack(snapshot.state);
    // How long an expression may work depends on what else is being worked out, and the time is in the text of the error.
    if (JSON.stringify(final).includes("It worked longer than")) continue;
    runs.push({
      name: snapshots.length === 1 ? name : `${name} (${at + 1})`,
      workflow,
      definitions,
      base: { seq, state: base === "" ? null : await engine.unpack(base) },
      transitions,
      final,
    });
  }
}

/** The conformance scenarios, each on an engine of its own. */
async function scenarios() {
  const expressions = new JqExpressions();
  const stub = await startStub();
  const hosts = parseMap([`${stubHost}=${stub.url}`]);
  for (const { file, scenarios: list } of await readFeatures("test/conformance/features")) {
    for (const { name, steps } of list) {
      const says = (words) => steps.some(({ text }) => words.test(text));
      const hub = await TestHub.open({
        keeps: says(/\bthe hub is (restarted|down)\b/i),
        scheduled: says(/\bis published\b/i),
        restarts: false,
        hosts,
        expressions,
      });
      const world = new World(hub);
      for (const step of steps) await perform(world, step);
      await record(`${file.replace(".feature", "")}: ${name}`, hub.local.store, hub.local.engine);
      await hub[Symbol.asyncDispose]();
    }
  }
  await stub[Symbol.asyncDispose]();
  await expressions.close();
}

/** A function that gives back what it gets. */
const echo = {
  name: "test.echo:1.0.0@default",
  purpose: "Gives back what it gets.",
  argument: z.unknown(),
  perform: (argument) => Promise.resolve(argument),
};

const workflow = (name, ...tasks) =>
  JSON.stringify({ document: { dsl: "1.0.3", namespace: "test", name, version: "1.0.0" }, do: tasks });

const moment = () => new Promise((resolve) => setTimeout(resolve, 2));

/** A run so long that its journal is folded, and one with values that lie in payloads. */
async function large() {
  const call = { call: echo.name, with: { value: "${ . }" } };
  const texts = {
    folded: workflow("folded", {
      all: {
        for: { each: "n", in: "${ [range(1010)] }" },
        do: [{ one: { ...call, with: { value: "${ $n }" } } }],
      },
    }),
    payloads: workflow(
      "payloads",
      {
        fill: {
          set: { text: `\${ "abcdefgh" * 5000 }`, list: "${ [range(9000)] }", small: 1 },
          export: { as: "${ . }" },
        },
      },
      { echo: call },
      {
        pick: {
          set: {
            length: "${ .value.text | length }",
            first: "${ .value.list[:3] }",
            kept: "${ $context.text | length }",
          },
        },
      },
    ),
  };
  for (const [name, text] of Object.entries(texts)) {
    const local = await openLocalEngine({ functions: [echo] });
    const { id } = await local.engine.start({ workflow: { text }, input: {}, startedBy: "test" });
    for (let state = ""; state !== "completed"; { state } = await local.engine.get(id))
      await new Promise(setImmediate);
    await record(`engine: ${name}`, local.store, local.engine);
    await local.close();
  }
}

/** A run with a loop of forks, retries, waits and events, which is paused, cancelled and retried, the last time with another definition. */
async function steered() {
  let calls = 0;
  const flaky = {
    ...echo,
    name: "test.flaky:1.0.0@default",
    perform: (argument) => {
      calls += 1;
      if (calls % 3 !== 0) return Promise.resolve(argument);
      const type = "https://serverlessworkflow.io/spec/1.0.0/errors/communication";
      return Promise.reject(new FunctionFailure({ type, status: 503, title: "Not now" }));
    },
  };
  const tasks = (limit) => ({
    all: {
      for: { each: "n", in: "${ [range(6)] }" },
      do: [
        {
          both: {
            fork: {
              branches: [
                { plain: { call: echo.name, with: { value: "${ $n }" } } },
                {
                  patient: {
                    try: [{ call: { call: flaky.name, with: { value: "${ $n * 10 }" } } }],
                    catch: { retry: { delay: { milliseconds: 5 }, limit: { attempt: { count: 5 } } } },
                  },
                },
              ],
            },
          },
        },
        { rest: { wait: { milliseconds: 5 }, timeout: { after: { seconds: 90 } } } },
        {
          ask: {
            listen: {
              to: { one: { with: { type: "org.example.go", subject: "${ . == ($n | tostring) }" } } },
            },
            timeout: { after: { hours: 1 } },
          },
        },
        { note: { set: { n: "${ $n }", got: "${ . }" }, export: { as: "${ $context + {last: $n} }" } } },
        {
          judge: {
            if: `\${ $n >= ${limit} }`,
            raise: { error: { type: "https://example.com/limit", status: 409, title: "Too many" } },
          },
        },
      ],
    },
  });
  const local = await openLocalEngine({ functions: [echo, flaky] });
  const { engine } = local;
  const text = workflow("steered", tasks(3));
  const { id: runId } = await engine.start({
    workflow: { text },
    input: { from: "test" },
    startedBy: "test",
  });
  const until = async (state) => {
    while ((await engine.get(runId)).state !== state) await moment();
  };
  const go = async (n) => {
    const type = "org.example.go";
    for (;;) {
      const event = {
        specversion: "1.0",
        id: `go-${n}-${Math.random()}`,
        source: "/test",
        type,
        subject: String(n),
      };
      if ((await engine.deliver({ ...event, data: { n } })) > 0) return;
      await moment();
    }
  };
  const steer = (more = {}) => ({ opId: newOpId(), runId, by: "test", ...more });
  await go(0);
  await go(1);
  await engine.pause(steer({ reason: "Lunch." }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await engine.unpause(steer());
  await go(2);
  await go(3);
  await until("failed");
  await engine.retry(steer({ definition: { text: workflow("steered", tasks(5)) } }));
  await go(4);
  await go(5);
  await until("failed");
  await engine.retry(steer({ from: "all" }));
  await go(0);
  await engine.cancel(steer({ reason: "Enough." }));
  await until("cancelled");
  await record("engine: steered", local.store, engine);
  await local.close();
}

/** The federated runs of hub-0003, at their ends. */
async function federated() {
  const hub = await openOlderHub(join(folder, "hub-0003"));
  try {
    await finish(hub, join(folder, "hub-0003"), await connectSites(hub));
    await hub.stop();
    const paths = hubPaths(hub.dir);
    const store = new Store(await openSqlite(paths.database));
    const expressions = new JqExpressions();
    const payloads = filePayloads(await new FileBlobStore(paths.blobs).open());
    const journal = new RunJournal(store, systemClock);
    const engine = new Engine({
      store,
      journal,
      functions: [],
      expressions,
      secrets: noSecrets,
      payloads,
      clock: systemClock,
      log: silentLog,
    });
    await record("federated", store, engine);
    await expressions.close();
    await store.close();
  } finally {
    await hub[Symbol.asyncDispose]();
  }
}

await scenarios();
await large();
await steered();
await federated();
const json = JSON.stringify({ runs });
await writeFile(join(folder, "journals-0.1.json.gz"), gzipSync(json, { level: 9 }));
console.log(
  runs.length,
  runs.reduce((sum, run) => sum + run.transitions.length, 0),
  json.length,
);
