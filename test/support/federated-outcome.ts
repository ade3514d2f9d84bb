import assert from "node:assert/strict";
import type { RunId } from "#kernel/ids.js";
import { isObject, type Json } from "#kernel/json.js";
import type { FederatedWorld, WorldHub } from "./federated-world.js";

/** What has come of a run, without times and ids, which no two runs have in common. */
export interface Outcome {
  readonly state: string;
  readonly output: Json;
  /** Each version of each series, with the digest of its bytes. */
  readonly models: readonly Json[];
  readonly calls: readonly Json[];
  readonly rounds: readonly Json[];
  readonly stages: readonly Json[];
  readonly folds: readonly Json[];
  readonly assignments: readonly Json[];
  /** What people were told of the rounds and the sites, in the order of its text. */
  readonly told: readonly string[];
}

/** What a hub says of itself and of connections, and of what may be lost, is another thing each time. */
const notCompared = /^(hub|site|task|run)\.|^round\.waiting$|^assignment\.accepted$/;

/**
 * The same without the numbers of rounds: of calls that run side by side, who commits first decides which round of the run is whose.
 */
export function withoutNumbers(outcome: Outcome): Outcome {
  const plain = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(plain);
    if (!isObject(value)) return value;
    const entries = Object.entries(value).filter(([key]) => key !== "round");
    return Object.fromEntries(entries.map(([key, one]) => [key, plain(one)]));
  };
  const sorted = (rows: readonly Json[]) => rows.map((row) => JSON.stringify(plain(row))).toSorted();
  const { models, output, ...rest } = outcome;
  return {
    ...rest,
    output: plain(output),
    models: sorted(models),
    calls: sorted(outcome.calls),
    rounds: sorted(outcome.rounds),
    stages: sorted(outcome.stages),
    assignments: sorted(outcome.assignments),
    told: outcome.told
      .map((text) => text.replace(/^(\S+) \d+/, "$1").replace(/Round \d+( of \d+)?/, "Round"))
      .toSorted(),
  };
}

/** Reads what has come of a run. */
export async function outcomeOf({ db }: FederatedWorld, hub: WorldHub, runId: RunId): Promise<Outcome> {
  const { run, output } = await hub.engine.outcome(runId);
  const of = { runId };
  const rows = async (
    table: "calls" | "rounds" | "stages" | "folds" | "assignments" | "model_versions",
    by: readonly string[],
  ) => {
    let query = db.selectFrom(table).selectAll().where("run_id", "=", runId);
    for (const column of by) query = query.orderBy(column as never);
    return (await query.execute()).map((row) => untimed(row as unknown as Json, of));
  };
  const events = await db.selectFrom("run_events").selectAll().where("run_id", "=", runId).execute();
  return {
    state: run.state,
    output: untimed(output, of),
    models: await rows("model_versions", ["model", "version"]),
    calls: await rows("calls", ["effect"]),
    rounds: await rows("rounds", ["round"]),
    stages: await rows("stages", ["effect", "position", "stage"]),
    folds: await rows("folds", ["effect", "position", "fold"]),
    assignments: await rows("assignments", ["assignment_id"]),
    told: events
      .filter(({ type }) => !notCompared.test(type))
      .map(({ type, round, site, text }) => `${type} ${round} ${site} ${text}`)
      .toSorted(),
  };
}

/** Columns and keys that tell of times, of how often was written, or of another run's id. */
const untold = /^(seconds|changes|arrival|waiting|op_id|answer_sha256|run_id|.*_at_ms|ended_seq)$/;

function untimed(value: Json, { runId }: { readonly runId: RunId }): Json {
  // Columns of JSON.
  if (typeof value === "string" && /^[[{]/.test(value)) return untimed(JSON.parse(value) as Json, { runId });
  if (typeof value === "string") return value.replaceAll(runId, "RUN");
  if (Array.isArray(value)) return value.map((one: Json) => untimed(one, { runId }));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !untold.test(key))
      .map(([key, one]) => [key, untimed(one, { runId })]),
  );
}

/** Asserts that nothing is left open of any run, that the feeds have no gap, and that each answer was counted once. */
export async function assertNothingOpen({ db }: FederatedWorld): Promise<void> {
  for (const table of ["effects", "timers", "listeners", "inbox", "limit_holders"] as const)
    assert.deepEqual(await db.selectFrom(table).selectAll().execute(), [], table);
  const stages = await db.selectFrom("stages").select("stage").where("status", "=", "open").execute();
  assert.deepEqual(stages, [], "a stage is open");
  const rounds = await db.selectFrom("rounds").select("round").where("status", "=", "open").execute();
  assert.deepEqual(rounds, [], "a round is open");
  const calls = await db.selectFrom("calls").select("effect").where("status", "=", "open").execute();
  assert.deepEqual(calls, [], "a call is open");
  const open = await db
    .selectFrom("assignments")
    .select("assignment_id")
    .where("state", "in", ["offered", "accepted"])
    .execute();
  assert.deepEqual(open, [], "an assignment is open");
}

/** Asserts that the events of each run are numbered without a gap, and that each answer is told once. */
export async function assertFeeds({ db }: FederatedWorld): Promise<void> {
  const runs = await db.selectFrom("runs").select(["run_id", "event_seq"]).execute();
  for (const { run_id: runId, event_seq: newest } of runs) {
    const events = await db
      .selectFrom("run_events")
      .selectAll()
      .where("run_id", "=", runId)
      .orderBy("seq")
      .execute();
    assert.deepEqual(
      events.map(({ seq }) => seq),
      Array.from({ length: newest }, (_, at) => at + 1),
      "the feed has a gap",
    );
    const delivered = events.filter(({ type }) => type === "assignment.delivered");
    // A stream may have two answers of a site in one round.
    const answers = await db
      .selectFrom("assignments")
      .innerJoin("stages", (join) =>
        join
          .onRef("stages.run_id", "=", "assignments.run_id")
          .onRef("stages.effect", "=", "assignments.effect")
          .onRef("stages.position", "=", "assignments.position")
          .onRef("stages.stage", "=", "assignments.stage"),
      )
      .select(["assignments.site", "assignments.round"])
      .where("assignments.run_id", "=", runId)
      .where("assignments.state", "=", "delivered")
      .where("stages.quiet", "=", 0)
      .execute();
    const told = (list: readonly { readonly site: string; readonly round: number }[]) =>
      list.map(({ site, round }) => `${round} ${site}`).toSorted();
    assert.deepEqual(told(delivered), told(answers), "an answer was counted twice, or not told");
  }
}

/**
 * Asserts that the bytes are where the rows say, and nowhere else: what is held is there; what nobody holds is gone, its file and its row of
 * small bytes too; nothing is left on its way.
 */
export async function assertBlobs(world: FederatedWorld): Promise<void> {
  const { db } = world;
  const files = await world.files();
  const blobs = await db.selectFrom("blobs").selectAll().execute();
  const small = await db.selectFrom("small_blobs").select("sha256").execute();
  const uses = await db.selectFrom("blob_uses").selectAll().execute();
  const used = new Set(uses.map(({ sha256 }) => sha256));
  const there = [...small.map(({ sha256 }) => sha256), ...files];
  const named = blobs.filter((row) => row.released_at_ms === null).map(({ sha256 }) => sha256);
  const holdersOf = (sha256: string) =>
    uses.filter((use) => use.sha256 === sha256).map(({ holder }) => holder);
  for (const sha256 of used)
    assert(named.includes(sha256), `released while held by ${holdersOf(sha256).join()}`);
  for (const sha256 of named) {
    assert(used.has(sha256), `nobody holds the blob ${sha256}`);
    assert(there.includes(sha256), `a blob is gone that ${holdersOf(sha256).join()} holds`);
  }
  assert.deepEqual(
    there.filter((name) => !named.includes(name)),
    [],
    "bytes are left that nobody holds",
  );
  const versions = await db.selectFrom("model_versions").select(["model", "version"]).execute();
  const states = await db
    .selectFrom("calls")
    .select(["run_id", "effect"])
    .where("status", "!=", "completed")
    .execute();
  const wanted = new Set([
    ...versions.map(({ model, version }) => `model/${model}/${version}`),
    // Of what has failed or was cancelled the state stays, for a retry by hand.
    ...states.map(({ run_id, effect }) => `call/${run_id}/${effect}`),
  ]);
  assert.deepEqual(
    uses.filter(({ holder }) => !wanted.has(holder)),
    [],
    "a blob is held for nothing",
  );
}

/** Asserts that no site was asked for what it had delivered, or has done any work twice. */
export function assertAskedOnce({ sites }: FederatedWorld): void {
  for (const site of sites) {
    assert.deepEqual(site.faults, [], site.id);
    assert.deepEqual(site.askedAgain, [], `${site.id} was asked for what it had delivered`);
    assert.equal(new Set(site.computed).size, site.computed.length, `${site.id} has done its work twice`);
  }
}
