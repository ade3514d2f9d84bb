import type { HubClient } from "#client/connect.js";
import { ComityError } from "#kernel/errors.js";
import { parseRunId } from "#kernel/ids.js";

export type { HubClient };

/** What every command that calls a hub takes. */
export interface HubOptions {
  /** The operator profile; the default one unless given. */
  readonly hub?: string;
}

/** A connection to the hub of an operator profile; close it. The gRPC library is read only now: help must not wait for it. */
export async function openHub(profilePath?: string): Promise<HubClient> {
  const [{ connectHub }, { readProfile }] = await Promise.all([
    import("#client/connect.js"),
    import("#client/profile.js"),
  ]);
  return connectHub(await readProfile(profilePath));
}

/** Works with the hub that the options name, and closes the connection afterwards. */
export async function withHub<T>(
  { hub: profilePath }: HubOptions,
  work: (hub: HubClient) => Promise<T>,
): Promise<T> {
  const hub = await openHub(profilePath);
  try {
    return await work(hub);
  } finally {
    hub.close();
  }
}

/** The id of a run that the user named, checked, or of the one that was started last. */
export const runIdOrNewest = async (hub: HubClient, id: string | undefined): Promise<string> =>
  id === undefined ? newestRun(hub) : parseRunId(id);

async function newestRun(hub: HubClient): Promise<string> {
  const [run] = (await hub.listResults(1)).results;
  if (run !== undefined) return run.runId;
  throw new ComityError("RUN_NOT_FOUND", "There is no run yet.", {
    hint: "`comity run start WORKFLOW` starts one, and `comity train start PLAN` a training.",
  });
}
