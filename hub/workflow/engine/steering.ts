import type { RunState } from "#hub/workflow/interpreter/model.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import { isOver } from "./ending.js";
import type { Happening } from "./model.js";

/** Throws when an operator's wish may not happen to the run as it stands: `RUN_STATE_WRONG` or `RUN_ENDED`. */
export function checkSteering(runId: RunId, happening: Happening, state: RunState | undefined): void {
  const status = state?.status;
  switch (happening.type) {
    case "run.paused":
      if (status !== "running") throw wrongState(runId, status, "Only a run that goes on can be paused.");
      return;
    case "run.resumed":
      if (status !== "paused") throw wrongState(runId, status, "Only a paused run can be resumed.");
      return;
    case "run.cancelled":
      if (status !== undefined && !isOver(status)) return;
      throw new ComityError("RUN_ENDED", `Run ${runId} is over already.`);
    case "run.retried":
      if (status === undefined || !isOver(status)) {
        throw wrongState(runId, status, "Only a run that is over can be tried again.");
      }
      if (status === "failed" || happening.from !== undefined) return;
      throw wrongState(runId, status, "There is no failed task: name the task to go on from.");
    case "run.started":
    case "run.continued":
    case "effect.completed":
    case "effect.failed":
    case "timer.fired":
    case "event.received":
      return;
  }
}

function wrongState(runId: RunId, status: string | undefined, hint: string): ComityError {
  return new ComityError("RUN_STATE_WRONG", `Run ${runId} is ${status ?? "not there yet"}.`, { hint });
}
