import type { TaskState } from "#hub/workflow/interpreter/model.js";
import type { RunId, Sha256, SiteId } from "#kernel/ids.js";

/** Where a run stands. `queued`: it waits for a place under a limit. The last three are final, though a run can be retried. */
export type RunStatus = "queued" | "running" | "paused" | "completed" | "failed" | "cancelled";

/** Whether a run has nothing more to do. */
export const isEnded = (status: RunStatus): boolean =>
  status === "completed" || status === "failed" || status === "cancelled";

/** One execution of a workflow version. */
export interface Run {
  readonly id: RunId;
  readonly name: string;
  readonly workflowSha256: Sha256;
  readonly state: RunStatus;
  readonly startedBy: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  readonly errorCode: string | undefined;
  readonly errorText: string | undefined;
  /** `namespace/name:version`. */
  readonly workflow: string;
  /** The call, `run/effect`, that started it; undefined when an operator, a schedule or an event did. */
  readonly parent: string | undefined;
}

/** What can happen in a run; the text that people read is made where the event is made. */
export type RunEventType =
  | "run.started"
  | "run.completed"
  | "run.failed"
  | "run.cancelled"
  | "run.queued"
  | "run.paused"
  | "run.resumed"
  | "run.retried"
  | `task.${TaskState}`
  | "round.waiting"
  | "round.started"
  | "round.aggregated"
  | "round.completed"
  | "round.void"
  | "assignment.accepted"
  | "assignment.progress"
  | "assignment.delivered"
  | "assignment.refused"
  | "assignment.failed"
  | "assignment.vanished"
  | "assignment.late"
  | "assignment.offered"
  | "update.refused"
  | "site.disconnected"
  | "site.connected"
  | "hub.resumed"
  | "run.rewound";

/** Whether nothing more comes after an event of this type, unless the run is retried. */
export const endsRun = (type: RunEventType): boolean =>
  type === "run.completed" || type === "run.failed" || type === "run.cancelled";

/** One fact about a run. `seq` is 0 for progress, which is told but not kept. */
export interface RunEvent {
  readonly runId: RunId;
  readonly seq: number;
  readonly atMs: number;
  readonly type: RunEventType;
  readonly round: number;
  readonly site: SiteId | "";
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event before it has its place in the run. */
export type NewEvent = Omit<RunEvent, "seq" | "atMs" | "round" | "site" | "data"> &
  Partial<Pick<RunEvent, "round" | "site" | "data">>;
