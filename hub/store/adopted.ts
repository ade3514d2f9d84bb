import { sql } from "kysely";
import type { CallError } from "#hub/federated/call.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { BlobRef, CallRef, EffectId } from "#kernel/refs.js";
import type { Db } from "./schema.js";

/** The last round of a call, as release 0.1 has left it. */
export interface OldRound {
  readonly round: number;
  readonly position: number;
  /** `collecting`, `aggregating`, `evaluating`, `completed` or `failed`. */
  readonly state: string;
  readonly startedAtMs: number;
  readonly base: BlobRef;
  readonly model: BlobRef | undefined;
  readonly error: CallError | undefined;
}

/** A call that release 0.1 had under way, and that has had a round. */
export interface CallToAdopt extends CallRef {
  readonly function: string;
  /** As the engine's row has it. */
  readonly argument: string;
  readonly ref: string;
  readonly createdAtMs: number;
  readonly last: OldRound;
}

interface Row {
  run_id: string;
  effect: string;
  call: string;
  argument: string;
  ref: string;
  created_at_ms: number;
  round: number;
  position: number;
  state: string;
  started_at_ms: number;
  base_sha256: string;
  base_bytes: number;
  model_sha256: string | null;
  model_bytes: number | null;
  error: string | null;
}

/** The calls under way that have rounds and no row of their own: those of release 0.1. */
export async function callsToAdopt(db: Db): Promise<readonly CallToAdopt[]> {
  const { rows } = await sql<Row>`
    select effects.run_id, effects.effect, effects.call, effects.argument, effects.ref, effects.created_at_ms,
      old.round, old.position, old.state, old.started_at_ms, old.base_sha256, old.base_bytes, old.model_sha256,
      old.model_bytes, old.error
    from effects join rounds_to_adopt old on old.run_id = effects.run_id and old.effect = effects.effect
    where not exists (select 1 from calls where calls.run_id = effects.run_id and calls.effect = effects.effect)
      and old.position = (select max(position) from rounds_to_adopt newest
        where newest.run_id = old.run_id and newest.effect = old.effect)
    order by effects.run_id, effects.effect`.execute(db);
  return rows.map((row) => ({
    runId: row.run_id as RunId,
    effect: row.effect as EffectId,
    function: row.call,
    argument: row.argument,
    ref: row.ref,
    createdAtMs: row.created_at_ms,
    last: {
      round: row.round,
      position: row.position,
      state: row.state,
      startedAtMs: row.started_at_ms,
      base: { sha256: row.base_sha256 as Sha256, sizeBytes: row.base_bytes },
      model:
        row.model_sha256 === null || row.model_bytes === null
          ? undefined
          : { sha256: row.model_sha256 as Sha256, sizeBytes: row.model_bytes },
      error: row.error === null ? undefined : (JSON.parse(row.error) as CallError),
    },
  }));
}

/** All of it is adopted. */
export async function forgetAdopted(db: Db): Promise<void> {
  await sql`delete from rounds_to_adopt`.execute(db);
}
