import type { RunId, Sha256, SiteId } from "#kernel/ids.js";

/** Where a run stands. All but `running` are final. */
export type RunState = "running" | "completed" | "failed" | "cancelled";

/** One execution of a workflow version. */
export interface Run {
  readonly id: RunId;
  readonly name: string;
  readonly workflowSha256: Sha256;
  readonly state: RunState;
  readonly startedBy: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  readonly errorCode: string | undefined;
  readonly errorText: string | undefined;
}

/** What can happen in a run; the text that people read is made where the event is made. */
export type RunEventType =
  | "run.started"
  | "run.completed"
  | "run.failed"
  | "run.cancelled"
  | "round.waiting"
  | "round.started"
  | "round.aggregated"
  | "round.completed"
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
  | "hub.resumed";

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
