import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fedTrain, type PlanInput, planSchema } from "#hub/federated/functions/train.js";
import { trainingWorkflow } from "#hub/federated/training-workflow.js";
import { initHub } from "#hub/init.js";
import { deferred, sleep } from "#kernel/async.js";
import { newOpId, parseSiteId, type RunId } from "#kernel/ids.js";
import { endWithParent, say } from "./child.js";
import { InstantSite, writeSite } from "./instant-site.js";
import { PortlessHub } from "./portless-hub.js";

/*
 * What taking a call up costs: `node resume-measure.js DIR ROUNDS…`. For each number of rounds a hub whose call has completed so many and
 * stands before the next; then, in turn, each is opened and its call performed, in a copy, for what it does is written.
 */

/** With affinity: it looks at whom the run has asked so far. */
const plan: PlanInput = {
  dataset: { name: "rows" },
  model: { name: "mlp", input: [2], hidden: [2], classes: 2 },
  rounds: 100_000,
  at: { affinity: "spread", limit: 2 },
};
const names = ["bench/site-1", "bench/site-2"].map(parseSiteId);
const repetitions = 15;
const warmUp = 3;
/** What the hub does when a site comes is not part of it. */
const settleMs = 50;

/** A folder of a hub whose call stands between two rounds. */
interface Stand {
  readonly dir: string;
  /** Milliseconds of a round: of the first ones, and of the last. */
  readonly first: number;
  readonly last: number;
}

/** How many rounds tell what one of them costs. */
const window = 500;

async function makeStand(dir: string, rounds: number): Promise<Stand> {
  await initHub(dir, { name: "bench", names: [], controlPort: 1, agentPort: 2 });
  const hub = await PortlessHub.open(dir);
  const { areas } = hub;
  for (const site of names) await writeSite(hub, site);
  await areas.engine.resume();
  const over = deferred();
  const begins: number[] = [];
  let left = names.length;
  const sites = names.map(
    (site) =>
      new InstantSite(
        site,
        hub,
        ({ assignment: { kind, position } }) => {
          if (kind === "train" && begins.length < position) begins.push(performance.now());
          // Both are gone before the last round ends: the call waits before the next one.
          if (position === rounds && kind === "evaluate" && --left === 0)
            for (const one of sites) areas.presence.disconnect(one);
          return true;
        },
        over.reject,
      ),
  );
  for (const site of sites) areas.presence.connect(site);
  const source = JSON.stringify(trainingWorkflow("bench", plan));
  const { sha256 } = await areas.engine.library.publish({ text: source, publishedBy: "bench" });
  const request = { opId: newOpId(), workflow: { sha256 }, input: {}, startedBy: "bench" };
  const { id } = await areas.engine.start(request);
  const watching = new AbortController();
  const read = async (): Promise<void> => {
    for await (const { type, round, text } of areas.feed.watch(id, 0, watching.signal)) {
      if (type === "run.failed") throw new Error(text);
      if (type === "round.waiting" && round === rounds + 1) return;
    }
  };
  await Promise.race([over.promise, read()]);
  watching.abort();
  await hub.close();
  const each = (from: number, to: number): number =>
    ((begins[to] ?? Number.NaN) - (begins[from] ?? Number.NaN)) / (to - from);
  return { dir, first: each(window, 2 * window), last: each(rounds - 1 - window, rounds - 1) };
}

/** From `perform` to the first offer of the next round. */
async function takeUp(dir: string): Promise<Cost> {
  const hub = await PortlessHub.open(dir);
  const { areas, store } = hub;
  const run = await store.db
    .selectFrom("snapshots")
    .innerJoin("effects", "effects.run_id", "snapshots.run_id")
    .select(["snapshots.run_id", "owner", "fence", "effect", "ref", "made_seq"])
    .executeTakeFirstOrThrow();
  const asked = deferred();
  const offered = (): boolean => {
    asked.resolve();
    return false;
  };
  for (const site of names) areas.presence.connect(new InstantSite(site, hub, offered, asked.reject));
  await sleep(settleMs);
  const train = areas.federated.functions.find(({ name }) => name === fedTrain.name);
  if (train === undefined) throw new Error("The hub cannot train.");
  const { owner, fence } = run;
  const stopping = new AbortController();
  const caller = {
    runId: run.run_id as RunId,
    effect: run.effect as `e${number}`,
    ref: run.ref,
    runName: "bench",
    runStartedAtMs: 0,
    lease: { owner, fence },
    resumes: undefined,
    madeSeq: run.made_seq,
  };
  const given = planSchema.parse(plan);
  const [startMs, startCpu] = [performance.now(), process.cpuUsage()];
  const performing = train.perform(given, caller, stopping.signal).catch(asked.reject);
  await asked.promise;
  const [ms, cpu] = [performance.now() - startMs, process.cpuUsage(startCpu)];
  stopping.abort();
  await performing;
  await hub.close();
  return { ms, cpuMs: (cpu.user + cpu.system) / 1000 };
}

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

/** What {@link takeUp} takes after so many rounds. */
export interface TakenUp {
  readonly rounds: number;
  readonly costs: readonly Cost[];
  readonly first: number;
  readonly last: number;
}

const [dir = "", ...given] = process.argv.slice(2);
endWithParent();
say({ event: "ready" });
const sides: { readonly rounds: number; readonly stand: Stand; readonly costs: Cost[] }[] = [];
for (const rounds of given.map(Number))
  sides.push({ rounds, stand: await makeStand(join(dir, `rounds-${rounds}`), rounds), costs: [] });
for (let turn = -warmUp; turn < repetitions; turn++) {
  for (const { rounds, stand, costs } of turn % 2 === 0 ? sides : sides.toReversed()) {
    const copy = join(dir, `copy-${rounds}-${turn}`);
    await cp(stand.dir, copy, { recursive: true });
    const took = await takeUp(copy);
    await rm(copy, { recursive: true });
    if (turn >= 0) costs.push(took);
  }
}
const result: TakenUp[] = sides.map(({ rounds, stand, costs }) => ({
  rounds,
  costs,
  first: stand.first,
  last: stand.last,
}));
say({ event: "measured", result });
