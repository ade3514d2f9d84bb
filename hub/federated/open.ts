import { blobsIn, holders } from "#hub/blobs/uses.js";
import { findCall, insertCall, roundsEndedBy } from "#hub/store/calls.js";
import { findModelVersion, type ModelVersion } from "#hub/store/models.js";
import { holdsLease, leaseLost } from "#hub/store/owners.js";
import { nextRound } from "#hub/store/rounds.js";
import { forgetSiteStates } from "#hub/store/site-states.js";
import type { EffectCaller } from "#hub/workflow/function.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import { type Json, jsonForm } from "#kernel/json.js";
import type { EffectId } from "#kernel/refs.js";
import type { Call } from "./call.js";
import type { FederatedFunction, LookUps } from "./function.js";
import type { DriverParts } from "./parts.js";
import type { ModelVersionName } from "./plan.js";

/**
 * Begins a call, unless it has begun: what its argument comes to is a row, and the row is what counts from then on. Throws `LEASE_LOST` when
 * another process has the run, and may be far ahead.
 */
export async function openCall(
  parts: DriverParts,
  fn: FederatedFunction,
  caller: Pick<EffectCaller, "runId" | "effect" | "ref" | "lease" | "madeSeq" | "resumes">,
  given: unknown,
): Promise<void> {
  const { store, clock } = parts;
  const { runId, effect, ref, lease, madeSeq, resumes } = caller;
  if ((await findCall(store.db, caller)) !== undefined) return;
  const argument = jsonForm(await fn.prepare(given, lookUps(parts, runId)));
  const [{ revision }] = fn.scripts;
  // Of a call that the first release has made, the number of its next round tells.
  const drawBase =
    madeSeq === 0 ? (await nextRound(store.db, runId)) - 1 : await roundsEndedBy(store.db, runId, madeSeq);
  const fresh = { origin: effect, position: -1, state: null, revision, drawBase };
  const before = await resumed(parts, fn, runId, resumes, argument);
  const call: Omit<Call, "version"> = {
    runId,
    effect,
    function: fn.name,
    argument,
    ref,
    createdAtMs: clock.nowMs(),
    status: "open",
    output: null,
    error: undefined,
    ...fresh,
    ...before,
  };
  await store.write(async (tx) => {
    if (!(await holdsLease(tx.db, runId, lease))) throw leaseLost(runId);
    // Whoever was first may have moved it on since: then nothing of it is ours to let go.
    if (!(await insertCall(tx.db, call)) || resumes === undefined) return;
    if (before?.state !== undefined) {
      await parts.retention.holdOnly(tx, holders.call(call), blobsIn(call.state));
      await forgetSiteStates(tx.db, call, call.position);
    }
    // Nobody goes on from there any more.
    await parts.retention.drop(tx, [holders.call({ runId, effect: resumes })]);
  });
}

/**
 * Where a call that is tried again by hand goes on: after the last completed round of the one before it, whose rounds are counted on; from
 * the beginning where there is none, or the argument is another one. Either way it draws what that one would have drawn.
 */
async function resumed(
  { store }: DriverParts,
  fn: FederatedFunction,
  runId: RunId,
  resumes: EffectId | undefined,
  argument: Json,
): Promise<
  (Partial<Pick<Call, "origin" | "position" | "state" | "revision">> & Pick<Call, "drawBase">) | undefined
> {
  const before = resumes === undefined ? undefined : await findCall(store.db, { runId, effect: resumes });
  if (before === undefined || before.function !== fn.name || before.status === "completed") return undefined;
  const { origin, position, state, revision, drawBase } = before;
  if (position < 1 || !(fn.goesOnWith?.(before.argument, argument) ?? false)) return { drawBase };
  return { origin, position, state, revision, drawBase };
}

/** What functions may look up for a call of a run. */
export function lookUps({ store }: DriverParts, runId: RunId): LookUps {
  return { model: (name) => findVersion({ store }, runId, name) };
}

async function findVersion(
  { store }: Pick<DriverParts, "store">,
  runId: RunId,
  name: ModelVersionName,
): Promise<ModelVersion> {
  const { sha256 } = name;
  const ref = "name" in name ? { model: name.name, version: name.version, sha256 } : { sha256 };
  const found = await findModelVersion(store.db, ref, runId);
  if (found !== undefined) return found;
  const told = "name" in name ? `version ${name.version} of a model ${name.name}` : "model";
  const digest = sha256 === undefined ? "" : ` with the digest ${sha256}`;
  throw new ComityError("MODEL_NOT_FOUND", `The hub has no ${told}${digest}.`, {
    hint: "`comity model list` shows the models.",
  });
}
