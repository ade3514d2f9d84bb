import { parentPort, workerData } from "node:worker_threads";
import { ComityError, isErrorCode, isSystemError } from "#kernel/errors.js";
import { toFailure } from "#kernel/thread-failure.js";
import { RowCache } from "../data/row-cache.js";
import { chooseBackend } from "./backends.js";
import { runJob } from "./jobs.js";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.js";
import type { LoopHooks } from "./trainer.js";

// The thread in which TensorFlow lives. A job keeps the thread until it is done; the session goes on in the main thread.

/** At most four messages about progress in a second. */
const progressEveryMs = 250;

const cache = new RowCache();
const { backend } = workerData as WorkerSettings;

try {
  const chosen = await chooseBackend(backend);
  parentPort?.on("message", (message: ToWorker) => void answer(message).then(send));
  send({ ready: chosen });
} catch (error) {
  send({ ...failed(error), broken: true });
}

async function answer({ job, cancelled }: ToWorker): Promise<FromWorker> {
  try {
    return { answer: await runJob(job, cache, hooks(new Int32Array(cancelled))) };
  } catch (error) {
    return failed(error);
  }
}

function hooks(cancelled: Int32Array): LoopHooks {
  let toldMs = Number.NEGATIVE_INFINITY;
  return {
    checkCancelled() {
      if (Atomics.load(cancelled, 0) !== 0) throw new ComityError("RUN_CANCELLED", "The work was cancelled.");
    },
    progress(fraction, text) {
      const nowMs = performance.now();
      if (nowMs - toldMs < progressEveryMs) return;
      toldMs = nowMs;
      send({ news: { fraction, text } });
    },
  };
}

/** A failure with a code of the catalogue; what nobody expected leaves the worker broken. */
function failed(error: unknown): Extract<FromWorker, { readonly failure: unknown }> {
  const known = isSystemError(error, "ENOSPC") ? ComityError.from(error) : error;
  // aggregation/ leans on nothing, so its errors have the same codes and another class.
  const failure = toFailure(known);
  const coded = failure.code !== undefined && isErrorCode(failure.code);
  return { failure: { ...failure, code: coded ? failure.code : "WORK_FAILED" }, broken: !coded };
}

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}
