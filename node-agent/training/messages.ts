import type { Said } from "#kernel/bounded-thread.js";
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

/** How far a job has come. */
export interface Progress {
  readonly fraction: number;
  readonly text: string;
}

/** What a job comes to. */
export interface Done {
  readonly answer: JobAnswer;
}

/** From the worker: its back end once, then for each job some progress and at last an answer or a failure. */
export type FromWorker = Done | Said<Progress, ChosenBackend>;
