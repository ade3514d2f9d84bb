import type { Engine } from "#hub/workflow/engine/service.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { Log } from "#kernel/log.js";

/** What starts runs. */
export type Starts = Pick<Engine, "start">;

/** A run that no person starts. */
interface OccasionalRun {
  readonly workflow: { readonly sha256: string };
  /** What starts it, by name: there is one run of it, whatever version is the newest when it is asked for again. */
  readonly occasion: string;
  readonly input: Json;
  readonly startedBy: string;
}

/** Starts a run. Undefined when it cannot be started, now or later: there is nobody to be told but the log. */
export async function startOrGiveUp(
  engine: Starts,
  log: Log,
  request: OccasionalRun,
): Promise<RunId | undefined> {
  try {
    const sha256 = request.workflow.sha256 as Sha256;
    return (await engine.start({ ...request, workflow: { sha256 } })).id;
  } catch (error) {
    const { code, kind } = ComityError.from(error);
    // What is not known to be the workflow's own fault may pass.
    if (kind.retryable === true || code === "INTERNAL") throw error;
    log.error({ occasion: request.occasion, code, err: error }, "a run could not be started by its schedule");
    return undefined;
  }
}
