import { parentPort, workerData } from "node:worker_threads";
import { ComityError, isErrorCode, isSystemError } from "#kernel/errors.js";
import { RowCache } from "../data/row-cache.js";
import { chooseBackend } from "./backends.js";
import { runJob } from "./jobs.js";
import type { Failure, FromWorker, ToWorker, WorkerSettings } from "./messages.js";
import type { LoopHooks } from "./trainer.js";

// The thread in which TensorFlow lives. A job keeps the thread until it is done; the session goes on in the main thread.

/** At most four messages about progress in a second. */
const progressEveryMs = 250;

const cache = new RowCache();
const { backend } = workerData as WorkerSettings;

try {
  const chosen = await chooseBackend(backend);
  parentPort?.on("message", (message: ToWorker) => void answer(message).then(send));
  send({ type: "ready", chosen });
} catch (error) {
  send({ ...failure(error), broken: true });
}

async function answer({ job, cancelled }: ToWorker): Promise<FromWorker> {
  try {
    return { type: "done", answer: await runJob(job, cache, hooks(new Int32Array(cancelled))) };
  } catch (error) {
    return failure(error);
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
      send({ type: "progress", fraction, text });
    },
  };
}

function failure(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  const known = isSystemError(error, "ENOSPC") ? ComityError.from(error) : error;
  if (known instanceof ComityError) {
    return {
      type: "failed",
      code: known.code,
      message: known.message,
      hint: known.hint,
      stack,
      broken: false,
    };
  }
  // aggregation/ leans on nothing, so its errors have the same codes and another class.
  const given = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const coded = isErrorCode(given);
  const code = coded ? given : "WORK_FAILED";
  return { type: "failed", code, message, stack, hint: undefined, broken: !coded };
}

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}
