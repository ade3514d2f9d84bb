import { saveInvitedSite } from "#hub/store/admission.js";
import { insertRun, saveWorkflow } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import { hashBytes } from "#kernel/files.js";
import { newRunId, type RunId, type SiteId } from "#kernel/ids.js";

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
