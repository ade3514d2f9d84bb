import { saveInvitedSite } from "#hub/store/admission.js";
import type { Lease } from "#hub/store/owners.js";
import { insertRun, saveWorkflow } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import { hashBytes } from "#kernel/files.js";
import { newRunId, type RunId, type SiteId } from "#kernel/ids.js";
import type { CallRef } from "#kernel/refs.js";

/** Writes the row of a run that has done nothing yet, and of sites that it may ask. */
export async function insertNewRun(store: Store, ...sites: readonly SiteId[]): Promise<RunId> {
  const id = newRunId();
  await store.write(async ({ db }) => {
    const workflowSha256 = hashBytes("{}");
    await saveWorkflow(db, workflowSha256, "{}", 1);
    for (const site of sites) await saveInvitedSite(db, site, {}, 1);
    const start = { id, name: "night", workflowSha256, state: "running", startedBy: "ada" } as const;
    const end = { startedAtMs: 1, endedAtMs: undefined, errorCode: undefined, errorText: undefined };
    const origin = { workflow: "default/night:1.0.0", parent: undefined };
    await insertRun(db, { ...start, ...end, ...origin }, { input: null });
  });
  return id;
}

/** Says that a process works on a run, under a fence. */
export async function leaseRun(store: Store, runId: RunId, owner: string, fence: number): Promise<Lease> {
  const program = { workflow_sha256: hashBytes("{}"), base_workflow_sha256: hashBytes("{}") };
  const state = { seq: 1, state: "", base_seq: 0, base_state: "", live: 1, continues: 0 };
  await store.db
    .insertInto("snapshots")
    .values({ run_id: runId, ...program, ...state, owner, fence })
    .onConflict((conflict) => conflict.column("run_id").doUpdateSet({ owner, fence }))
    .execute();
  return { owner, fence };
}

/** Writes the engine's row of a call that is wanted. */
export async function insertEffect(store: Store, { runId, effect }: CallRef): Promise<void> {
  const made = { argument: "{}", ref: "/do/0/train", created_at_ms: 7, cancel_reason: null, resumes: null };
  await store.db
    .insertInto("effects")
    .values({ run_id: runId, effect, call: "fed.train:1.0.0@default", ...made })
    .execute();
}
