// Makes stages-1.json.gz: `npm run build && node test/data/stages-1.mjs`.
// It is run again only when a column or a revision of before the release is another one. From then on it is kept to be read: newer scripts
// would record their own behaviour.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { strategies } from "#aggregation/strategies/index.js";
import { functions } from "#hub/federated/functions/index.js";
import {
  failingTraining,
  pointsData,
  rolesWith,
  startCase,
  steadyRoles,
  trainCall,
} from "#test/support/federated-runs.js";
import { FederatedWorld, SharedParts } from "#test/support/federated-world.js";
import { PlayedBlobs } from "#test/support/played-blobs.js";
import { keepingSmall, recordCalls, replayCalls } from "#test/support/recorded-calls.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const blobs = new PlayedBlobs();
const recordings = [];

/** What a strategy needs besides its name. */
const settings = {
  krum: "strategy: krum, quorum: { min: 3 }",
  "trimmed-mean": "strategy: { name: trimmed-mean, trim: 1 }, quorum: { min: 3 }",
  fedbuff: "strategy: fedbuff, collect: { stream: { buffer: 2, concurrency: 3 } }",
};

const trainingWith = (name, more) => {
  const call = trainCall("points", more);
  const tasks = more.includes("quorum:") ? call.replace(", quorum: { min: 2 }", "") : call;
  return { name, tasks: `  - train: ${tasks}\n`, roles: steadyRoles };
};

const cases = [
  ...strategies.map(({ name }) =>
    trainingWith(`fed.train by ${name}`, `rounds: 3, ${settings[name] ?? `strategy: ${name}`}`),
  ),
  {
    name: "fed.train, with a site that fails once and one that refuses once",
    tasks: `  - train: ${trainCall("points")}\n`,
    roles: rolesWith({
      "acme/b": ({ assignment: { kind, round, attempt } }) =>
        kind === "train" && round === 1 && attempt === 1
          ? { fail: "The disk is slow.", retryable: true }
          : "answer",
      "acme/c": ({ assignment: { kind, round } }) =>
        kind === "train" && round === 2 ? { refuse: "Not now." } : "answer",
    }),
  },
  { ...failingTraining, name: "fed.train that fails, and is tried again by hand", retried: true },
  {
    name: "fed.round in a loop, and fed.evaluate",
    tasks: `  - rounds:
      for: { each: round, in: "\${ [1, 2, 3] }" }
      do:
        - one:
            call: fed.round:1.0.0@default
            with: { name: loop, ${pointsData}, strategy: fedadam, model: "\${ $context.model // { name: \\"mlp\\", input: [4], classes: 2, hidden: [3] } }" }
            export: { as: "\${ { model: { sha256: .model.sha256 } } }" }
  - test: { call: "fed.evaluate:1.0.0@default", with: { ${pointsData}, model: "\${ $context.model }" } }
`,
    roles: steadyRoles,
    parts: 20,
  },
  {
    name: "fed.query with levels, sums and spreads, without a site that refuses",
    tasks: `  - ask:
      call: fed.query:1.0.0@default
      with: { ${pointsData}, where: row.x != null, groups: [colour], statistics: [{ column: x, what: mean }, { column: x, what: variance }] }
`,
    roles: rolesWith({
      "acme/b": ({ assignment: { kind } }) => (kind === "levels" ? { refuse: "No words leave." } : "answer"),
    }),
  },
];

/** Plays a case on a world of its own; `looks` is called after each commit, with its number, and at the end. */
async function play(shared, of, looks) {
  const world = await FederatedWorld.make(shared, of.roles);
  let run;
  let commits = 0;
  const look = (at) => run && looks(at, world, run);
  const hub = await world.hub({ watch: { ...keepingSmall(blobs), after: (at) => look((commits = at)) } });
  run = await startCase(await hub.open(), of);
  const first = await hub.until(run.id);
  if (of.retried) {
    if (first.state !== "failed") throw new Error(`${of.name} has not failed`);
    await hub.engine.retry({ runId: run.id, by: "ada" });
  }
  const { state } = await hub.until(run.id);
  if (state !== "completed") throw new Error(`${of.name} is ${state}`);
  await look("end");
  await world[Symbol.asyncDispose]();
  return commits;
}

const shared = new SharedParts();
for (const of of cases) {
  const commits = await play(shared, of, () => undefined);
  const { parts = 4 } = of;
  const moments = new Set(Array.from({ length: parts }, (_, part) => Math.floor((commits * part) / parts)));
  const seen = new Set();
  await play(shared, of, async (at, { db }, { id }) => {
    if (at !== "end" && !moments.has(at)) return;
    const calls = await recordCalls(db, id);
    const played = replayCalls(functions, calls, blobs);
    // A commit of other matters makes no difference to the calls.
    const text = JSON.stringify(played);
    if (calls.length === 0 || (at !== "end" && seen.has(text))) return;
    seen.add(text);
    recordings.push({
      name: of.name,
      at: at === "end" ? "at its end" : `after ${at} commits`,
      calls,
      played,
    });
  });
}
await shared[Symbol.asyncDispose]();
const kept = blobs.all().map((bytes) => Buffer.from(bytes).toString("base64"));
const packed = gzipSync(JSON.stringify({ recordings, blobs: kept }), { level: 9 });
await writeFile(`${folder}stages-1.json.gz`, packed);
console.log(`${recordings.length} recordings, ${kept.length} blobs, ${packed.length} bytes`);
