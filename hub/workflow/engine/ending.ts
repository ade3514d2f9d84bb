import type { NewEvent } from "#hub/runs/model.js";
import type { JournalEvent, RunState } from "#hub/workflow/interpreter/model.js";
import type { RunId } from "#kernel/ids.js";
import type { RunEnd } from "./batch.js";
import { codeOf, sentenceOf } from "./failures.js";

/** Whether a run has nothing more to do. */
export const isOver = (status: RunState["status"]): boolean => status !== "running" && status !== "paused";

/** The row of a run whose status has changed; its output is packed by the caller. `text` is what was said of it. */
export function endOf(state: RunState, nowMs: number, text: string): RunEnd {
  const { status, error } = state;
  return {
    state: status,
    endedAtMs: isOver(status) ? nowMs : null,
    output: null,
    error: error === undefined ? null : JSON.stringify(error),
    errorCode: status === "cancelled" ? "RUN_CANCELLED" : error === undefined ? null : codeOf(error),
    errorText: status === "cancelled" || status === "failed" ? text : null,
  };
}

/** What those who watch are told when an event has changed where a run stands. */
export function statusNews(
  runId: RunId,
  before: RunState | undefined,
  { status, error }: RunState,
  event: JournalEvent,
  name: string,
): NewEvent[] {
  const again = event.type === "run.retried";
  if (status === before?.status && !again) return [];
  if (before === undefined && status === "running") return [started(runId, event, name)];
  const because = "reason" in event && event.reason !== "" ? `: ${event.reason}` : "";
  const by = "by" in event ? event.by : "the hub";
  // A retry may end in the transition that it begins with.
  const retried: NewEvent = { runId, type: "run.retried", text: `${by} has the run tried again.` };
  const news: NewEvent[] = before === undefined ? [started(runId, event, name)] : again ? [retried] : [];
  switch (status) {
    case "completed":
      return [...news, { runId, type: "run.completed", text: `${name} is complete.` }];
    case "failed": {
      const text = error === undefined ? "The run has failed." : sentenceOf(error);
      const data = error === undefined ? {} : { code: codeOf(error), error };
      return [...news, { runId, type: "run.failed", text, data }];
    }
    case "cancelled": {
      // Where catches had to compensate, it is not the wish itself that ends the run.
      const reason = error?.detail ?? "";
      const text =
        event.type === "run.cancelled"
          ? `${by} has cancelled the run${because}.`
          : `The run was cancelled${reason === "" ? "" : `: ${reason}`}.`;
      return [...news, { runId, type: "run.cancelled", text, data: { code: "RUN_CANCELLED" } }];
    }
    case "paused":
      return [...news, { runId, type: "run.paused", text: `${by} has paused the run${because}.` }];
    case "running":
      return again ? news : [{ runId, type: "run.resumed", text: `${by} has let the run go on.` }];
  }
}

function started(runId: RunId, event: JournalEvent, name: string): NewEvent {
  const by = event.type === "run.started" ? event.info.startedBy : "the hub";
  return { runId, type: "run.started", text: `${by} has started ${name}.` };
}
