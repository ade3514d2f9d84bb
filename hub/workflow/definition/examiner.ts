import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Serial, sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { Examination } from "./examine.js";

/** An honest document of 1 MiB takes a tenth of this. */
const maxExamineMs = 20_000;

const queue = new Serial();
let thread: Worker | undefined;

/**
 * Examines a text in a thread of its own, one at a time: whatever the text does to its reader, the caller's thread goes on. A text
 * that takes too long gives a finding, like any other fault.
 */
export function examineInThread(text: string): Promise<Examination> {
  return queue.run(() => ask(text));
}

async function ask(text: string): Promise<Examination> {
  thread ??= started();
  const worker = thread;
  const ended = new AbortController();
  worker.ref();
  worker.postMessage(text);
  try {
    const { signal } = ended;
    const answer = await Promise.race([
      once(worker, "message", { signal }),
      once(worker, "exit", { signal }).then(() => "exit" as const),
      sleep(maxExamineMs, signal).then(() => "late" as const),
    ]);
    if (answer === "exit") throw new ComityError("INTERNAL", "The thread that reads definitions has ended.");
    if (answer !== "late") return (answer as [Examination])[0];
    await stop(worker);
    const message = "The document takes too long to read.";
    return { findings: [{ severity: "error", code: "too-slow", message, pointer: "", line: 1, column: 1 }] };
  } catch (thrown) {
    // The next document gets a new thread.
    await stop(worker);
    throw ComityError.from(thrown);
  } finally {
    ended.abort();
    worker.unref();
  }
}

async function stop(worker: Worker): Promise<void> {
  if (thread === worker) thread = undefined;
  await worker.terminate();
}

function started(): Worker {
  const worker = new Worker(new URL("./examine-worker.js", import.meta.url));
  worker.unref();
  worker.once("exit", () => {
    if (thread === worker) thread = undefined;
  });
  return worker;
}
