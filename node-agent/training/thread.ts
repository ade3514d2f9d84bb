import { SHARE_ENV, Worker } from "node:worker_threads";
import { type Deferred, deferred } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { ChosenBackend } from "./backends.js";
import type { Job, JobAnswer } from "./jobs.js";
import type { Failure, FromWorker, ToWorker, WorkerSettings } from "./messages.js";

/** How long a cancelled job may go on, for example in the middle of a large file, before its thread is ended by force. */
const cancelGraceMs = 5_000;

/** The job that a thread is at. */
interface Current {
  readonly outcome: Deferred<JobAnswer>;
  progress(fraction: number, text: string): void;
}

/** One worker thread with TensorFlow in it, as the main thread sees it. */
export class TrainingThread {
  /** Settles when the thread has a back end, or cannot have one (`BACKEND_UNAVAILABLE`). */
  readonly ready: Promise<ChosenBackend>;
  readonly #worker: Worker;
  readonly #ready = deferred<ChosenBackend>();
  readonly #onBroken: (cause: unknown) => void;
  #current: Current | undefined;
  #ended: ComityError | undefined;

  /** `onBroken` is called when the thread fails in a way that nobody expected, with what is known of it. */
  constructor(settings: WorkerSettings, onBroken: (cause: unknown) => void) {
    this.ready = this.#ready.promise;
    this.ready.catch(() => undefined);
    this.#onBroken = onBroken;
    // The native back end reads the real environment.
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: settings,
      env: SHARE_ENV,
    });
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (cause: unknown) => this.#fail(cause));
    this.#worker.on("exit", (exitCode) =>
      this.#fail(new Error(`The thread ended with exit code ${exitCode}.`)),
    );
  }

  /** Whether it can still take jobs. */
  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** Does one job; only one at a time. Throws what the job throws, `RUN_CANCELLED`, or `WORK_FAILED` when the thread dies. */
  async run(
    job: Job,
    signal: AbortSignal,
    progress: (fraction: number, text: string) => void,
  ): Promise<JobAnswer> {
    await this.ready;
    if (this.#ended !== undefined) throw this.#ended;
    const outcome = deferred<JobAnswer>();
    const cancelled = new SharedArrayBuffer(4);
    let grace: NodeJS.Timeout | undefined;
    const cancel = () => {
      Atomics.store(new Int32Array(cancelled), 0, 1);
      grace = setTimeout(() => void this.end(cancelledError()), cancelGraceMs);
    };
    this.#current = { outcome, progress };
    signal.addEventListener("abort", cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      this.#worker.postMessage({ job, cancelled } satisfies ToWorker);
      return await outcome.promise;
    } finally {
      this.#current = undefined;
      signal.removeEventListener("abort", cancel);
      clearTimeout(grace);
    }
  }

  /** Ends the thread by force; a job in it fails with `reason`. */
  async end(reason: ComityError): Promise<void> {
    this.#settle(reason);
    await this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        this.#ready.resolve(message.chosen);
        break;
      case "progress":
        this.#current?.progress(message.fraction, message.text);
        break;
      case "done":
        this.#current?.outcome.resolve(message.answer);
        break;
      case "failed": {
        const error = errorOf(message);
        if (message.broken) {
          this.#onBroken(error);
          void this.end(error);
        } else this.#current?.outcome.reject(error);
      }
    }
  }

  #fail(cause: unknown): void {
    if (this.#ended !== undefined) return;
    this.#onBroken(cause);
    this.#settle(
      new ComityError("WORK_FAILED", "The training thread ended unexpectedly.", {
        hint: "See the agent's log.",
        cause,
      }),
    );
  }

  #settle(reason: ComityError): void {
    this.#ended ??= reason;
    this.#ready.reject(reason);
    this.#current?.outcome.reject(reason);
  }
}

/** What a job fails with that is no longer wanted. */
export function cancelledError(): ComityError {
  return new ComityError("RUN_CANCELLED", "The work was cancelled.");
}

function errorOf({ code, message, hint, stack }: Failure): ComityError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return new ComityError(code, message, hint === undefined ? { cause } : { hint, cause });
}
