import type { ErrorCode } from "#kernel/errors.js";
import type { BackendName } from "./backend-names.js";
import type { ChosenBackend } from "./backends.js";
import type { Job, JobAnswer } from "./jobs.js";

/** What the worker is started with. */
export interface WorkerSettings {
  /** The back end that the configuration names. */
  readonly backend: BackendName | undefined;
}

/** To the worker: a job, one at a time. */
export interface ToWorker {
  readonly job: Job;
  /** One Int32 that becomes 1 when the job is cancelled: the worker sees it between two batches without reading messages. */
  readonly cancelled: SharedArrayBuffer;
}

/** From the worker: `ready` once, then for each job some `progress` and at last `done` or `failed`. */
export type FromWorker =
  | { readonly type: "ready"; readonly chosen: ChosenBackend }
  | { readonly type: "progress"; readonly fraction: number; readonly text: string }
  | { readonly type: "done"; readonly answer: JobAnswer }
  | Failure;

export interface Failure {
  readonly type: "failed";
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  /** For the site's log. */
  readonly stack: string | undefined;
  /** The worker is to be thrown away: it has no back end, or nobody expected this error. */
  readonly broken: boolean;
}
