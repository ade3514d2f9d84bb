import { Serial } from "#kernel/async.js";
import { BoundedThread } from "#kernel/bounded-thread.js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";
import type { BackendName } from "./backend-names.js";
import type { ChosenBackend } from "./backends.js";
import type { Job, JobAnswer } from "./jobs.js";
import type { Done, Progress, ToWorker, WorkerSettings } from "./messages.js";

/** How long a cancelled job may go on, for example in the middle of a large file, before its thread is ended by force. */
const cancelGraceMs = 5_000;

/** Does the site's training, one job at a time, in a worker thread that is started when the first job comes. */
export class TrainingPool {
  readonly #thread: BoundedThread<ToWorker, Done, Progress, ChosenBackend>;
  readonly #jobs = new Serial();

  /** `backend` is the one that the configuration names; without it the first that works is taken. */
  constructor({ backend, log }: { backend: BackendName | undefined; log: Log }) {
    this.#thread = new BoundedThread(new URL("./worker.js", import.meta.url), "training", {
      workerData: { backend } satisfies WorkerSettings,
      // The native back end reads the real environment.
      sharesEnvironment: true,
      onReady: (chosen) => tell(chosen, log),
      onBroken: (cause) =>
        log.error({ err: cause }, "the training thread broke; the next job starts a new one"),
      ended: (cause) =>
        new ComityError("WORK_FAILED", "The training thread ended unexpectedly.", {
          hint: "See the agent's log.",
          cause,
        }),
    });
  }

  /** The back end that training uses; starts the worker. Throws `BACKEND_UNAVAILABLE`. */
  backend(): Promise<ChosenBackend> {
    return this.#thread.ready();
  }

  /**
   * Does a job when those before it are done. Throws what the job throws, `RUN_CANCELLED` when the signal fires (within one batch),
   * `WORK_FAILED` when the worker dies (the next job has a new one), or `BACKEND_UNAVAILABLE`.
   */
  run(job: Job, signal: AbortSignal, progress: (fraction: number, text: string) => void): Promise<JobAnswer> {
    return new Promise((resolve, reject) => {
      // A job that still waits for its turn ends at once.
      const leave = () => reject(cancelledError());
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      this.#jobs
        .run(async () => {
          signal.removeEventListener("abort", leave);
          if (signal.aborted) throw cancelledError();
          return this.#run(job, signal, progress);
        })
        .then(resolve, reject);
    });
  }

  /** Ends the worker, and with it the job that it is at. */
  async close(): Promise<void> {
    await this.#thread.close(new ComityError("WORK_FAILED", "The agent is stopping."));
    await this.#jobs.idle();
  }

  async #run(
    job: Job,
    signal: AbortSignal,
    progress: (fraction: number, text: string) => void,
  ): Promise<JobAnswer> {
    const cancelled = new SharedArrayBuffer(4);
    let grace: NodeJS.Timeout | undefined;
    const cancel = () => {
      Atomics.store(new Int32Array(cancelled), 0, 1);
      grace = setTimeout(() => void this.#thread.end(cancelledError()), cancelGraceMs);
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const asked = { job, cancelled };
      return (await this.#thread.ask(asked, ({ fraction, text }) => progress(fraction, text))).answer;
    } finally {
      signal.removeEventListener("abort", cancel);
      clearTimeout(grace);
    }
  }
}

function tell({ backend, skipped }: ChosenBackend, log: Log): void {
  for (const { backend: other, reason } of skipped) log.info({ backend: other, reason }, "back end not used");
  log.info({ backend }, "back end for training");
}

/** What a job fails with that is no longer wanted. */
function cancelledError(): ComityError {
  return new ComityError("RUN_CANCELLED", "The work was cancelled.");
}
