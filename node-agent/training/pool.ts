import { Serial } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";
import type { BackendName } from "./backend-names.js";
import type { ChosenBackend } from "./backends.js";
import type { Job, JobAnswer } from "./jobs.js";
import { cancelledError, TrainingThread } from "./thread.js";

/** Does the site's training, one job at a time, in a worker thread that is started when the first job comes. */
export class TrainingPool {
  readonly #backend: BackendName | undefined;
  readonly #log: Log;
  readonly #jobs = new Serial();
  #thread: TrainingThread | undefined;
  #closed = false;

  /** `backend` is the one that the configuration names; without it the first that works is taken. */
  constructor(options: { backend: BackendName | undefined; log: Log }) {
    this.#backend = options.backend;
    this.#log = options.log;
  }

  /** The back end that training uses; starts the worker. Throws `BACKEND_UNAVAILABLE`. */
  async backend(): Promise<ChosenBackend> {
    return this.#live().ready;
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
          return this.#live().run(job, signal, progress);
        })
        .then(resolve, reject);
    });
  }

  /** Ends the worker, and with it the job that it is at. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.end(closedError());
    await this.#jobs.idle();
  }

  #live(): TrainingThread {
    if (this.#closed) throw closedError();
    if (this.#thread?.alive === true) return this.#thread;
    const thread = new TrainingThread({ backend: this.#backend }, (cause) => {
      this.#log.error({ err: cause }, "the training thread broke; the next job starts a new one");
    });
    thread.ready.then(
      ({ backend, skipped }) => {
        for (const { backend: other, reason } of skipped)
          this.#log.info({ backend: other, reason }, "back end not used");
        this.#log.info({ backend }, "back end for training");
      },
      () => undefined,
    );
    this.#thread = thread;
    return thread;
  }
}

function closedError(): ComityError {
  return new ComityError("WORK_FAILED", "The agent is stopping.");
}
