import { hubPaths } from "#hub/config.js";
import type { Workflow } from "#hub/workflow/definition/model.js";
import { Database } from "#kernel/sqlite.js";
import type { FromAgent } from "#proto/generated/comity/v1/FromAgent.js";
import type { FromHub } from "#proto/generated/comity/v1/FromHub.js";
import { AgentService } from "#proto/rpc/definitions.js";
import { Federation } from "./federation.js";
import { type Figure, median } from "./figure.js";
import { Floor, type FloorSizes } from "./floor.js";
import { countsFile, level, levels, totalOf } from "./levels.js";

const sites = 6;
/** As boosted trees of this depth would ask. */
const depth = 4;
const rounds = 60;
const passes = 5;
/** Of stages, on both sides: compilers of JavaScript are at work for some seconds. */
const warmUp = 30;

/** What the hub has done for a call. */
interface Measured {
  readonly ms: number;
  readonly commits: number;
}

export const stages: Figure = {
  id: "stages-240",
  what: `${rounds * depth} stages in a row, answers of 4 KiB, ${sites} agents as processes: against their bare messages and commits`,
  unit: "x",
  reach: 1.5,
  sense: "at most",
  comparison: "-",
  async measure(bench) {
    const federation = await Federation.start(bench, sites, { step: "levels" });
    const floor = await Floor.start(bench, sites, sizes());
    await call(federation, warmUp);
    await floor.run(warmUp * depth);
    const ratios: number[] = [];
    const each: number[] = [];
    const commits: number[] = [];
    for (let pass = 0; pass < passes; pass++) {
      const bare = await floor.run(rounds * depth);
      const { ms, commits: made } = await call(federation, rounds);
      ratios.push(ms / bare);
      each.push(ms / rounds / depth);
      commits.push(made / rounds / depth);
      bench.note(`  ${ms.toFixed(0)} ms, bare ${bare.toFixed(0)} ms, ${made} commits of the hub`);
    }
    await floor.stop();
    await federation.stop();
    const driver = driverCommits(hubPaths(federation.hub.dir).database);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
    return {
      value: median(ratios),
      detail: `${passes} times, ${low} to ${high}; ${median(each).toFixed(1)} ms a stage, ${median(commits).toFixed(2)} commits of the hub for each, ${driver.toFixed(2)} of them the driver's`,
    };
  },
};

const workflow = (count: number): Workflow => ({
  document: { dsl: "1.0.3", namespace: "default", name: "bench", version: "1.0.0" },
  do: [{ levels: { call: levels.name, with: { rounds: count, depth } } }],
});

/** A call of so many rounds, from the beginning of the first to the end of the last. */
async function call(federation: Federation, count: number): Promise<Measured> {
  const { process: hub } = federation.hub;
  const commitsNow = async (): Promise<number> => {
    hub.tell("commits");
    const { commits } = await hub.next("commits");
    return Number(commits);
  };
  const before = await commitsNow();
  const times: number[] = [];
  for await (const { type, atMs } of federation.runWorkflow(workflow(count)))
    if (type === "round.started" || type === "round.completed") times.push(atMs);
  if (times.length !== 2 * count) throw new Error(`There were ${times.length / 2} rounds, not ${count}.`);
  const ms = Math.max(...times) - Math.min(...times);
  return { ms, commits: (await commitsNow()) - before };
}

/** The driver's commits for each stage of the calls of `rounds` rounds. Throws when one of them has come to something else than it must. */
function driverCommits(path: string): number {
  const database = new Database(path, { readonly: true });
  try {
    const rows = database.prepare("select output, version from calls order by created_at_ms").all();
    const [, ...calls] = rows as { readonly output: string; readonly version: number }[];
    const names = Array.from({ length: sites }, (_, at) => `bench/site-${at + 1}`);
    const expected = JSON.stringify({ total: totalOf(names, { rounds, depth }) });
    for (const { output } of calls)
      if (output !== expected) throw new Error(`A call has come to ${output}, not to ${expected}.`);
    return median(calls.map(({ version }) => version)) / rounds / depth;
  } finally {
    database.close();
  }
}

/** What crosses the wire for one site, and what is written. */
function sizes(): FloorSizes {
  const digest = "0".repeat(64);
  const runId = "0193a2b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b";
  const named = { assignmentId: `${runId}.e1.60.level.4.bench.site-1`, attempt: 1 };
  const bytes = Buffer.from(countsFile("bench/site-1", { level: 1, before: 0 }));
  const session = AgentService.definition.Session;
  const offer: FromHub = {
    offer: {
      ...named,
      runId,
      runName: "bench",
      round: 60,
      kind: level.name,
      workJson: JSON.stringify({ kind: level.name, level: 4, before: 123_456 }),
      deadlineMs: 60_000,
      stage: "level.4",
      function: levels.name,
      purpose: levels.purpose,
      requester: "admin",
      asked: sites,
      minSites: 1,
      release: "together",
    },
  };
  const opId = runId;
  const answer: FromAgent = {
    answer: {
      ...named,
      opId,
      update: { sha256: digest, sizeBytes: bytes.length },
      tensors: [{ name: "counts", dtype: "I32", shape: [1024] }],
      inline: bytes,
    },
  };
  const receipt: FromHub = { receipt: { ...named, opId, sha256: digest, acceptedAtMs: Date.now() } };
  const all = <T>(one: T): T[] => Array.from({ length: sites }, () => one);
  return {
    messages: {
      offer: session.responseSerialize(offer).length,
      answer: session.requestSerialize(answer).length,
      receipt: session.responseSerialize(receipt).length,
    },
    rows: {
      // The call, the stage and the fold; the assignments.
      stage: [400, 700, 5000, ...all(400)],
      // The blob with its bytes; the assignment again.
      answers: [...all(bytes.length + 200), ...all(700)],
      round: [400, 5000, 300],
      // The offer with its answer; two lines of the site's log.
      site: [bytes.length + 1500, 400, 400],
    },
    depth,
  };
}
