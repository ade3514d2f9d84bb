import { Worker } from "node:worker_threads";
import { type Deferred, deferred, Serial } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { JqReply, JqRequest } from "./jq-worker.js";

/** jq in a thread of its own, one request at a time. A request that works too long ends the thread; the next one gets a new thread. */
export class JqThread {
  #worker: Worker | undefined;
  #ready = deferred();
  #waiting: Deferred<JqReply> | undefined;
  readonly #serial = new Serial();
  #closed = false;

  /** What jq says to one request; `fault` with reason `time` after `limitMs` of work. Requests wait for each other. */
  run(request: JqRequest, limitMs: number): Promise<JqReply> {
    return this.#serial.run(() => this.#run(request, limitMs));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting?.reject(closed());
    await this.#worker?.terminate();
  }

  async #run(request: JqRequest, limitMs: number): Promise<JqReply> {
    if (this.#closed) throw closed();
    const worker = (this.#worker ??= this.#start());
    const waiting = (this.#waiting = deferred<JqReply>());
    worker.ref();
    await Promise.race([this.#ready.promise, waiting.promise]);
    worker.postMessage(request);
    const timer = watch(limitMs, () => {
      waiting.resolve({ kind: "fault", reason: "time", message: `It worked longer than ${limitMs} ms.` });
      if (this.#worker === worker) this.#worker = undefined;
      void worker.terminate();
    });
    try {
      return await waiting.promise;
    } finally {
      timer.stop();
      worker.unref();
    }
  }

  #start(): Worker {
    const ready = (this.#ready = deferred());
    const worker = new Worker(new URL("./jq-worker.js", import.meta.url), { env: {} });
    let failure: unknown;
    worker.on("message", (message: JqReply | "ready") => {
      if (message === "ready") ready.resolve();
      else if (this.#worker === worker) this.#waiting?.resolve(message);
    });
    worker.on("error", (error) => {
      failure = error;
    });
    worker.on("exit", () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const message = "The thread of jq has ended.";
      this.#waiting?.reject(new ComityError("INTERNAL", message, { cause: failure }));
    });
    return worker;
  }
}

const closed = (): ComityError =>
  new ComityError("INTERNAL", "The evaluation of expressions has been closed.");

/** How much longer than its limit a request may take by the clock when the machine has no time for it. */
const maxStretch = 20;

/**
 * Calls `expire` when the process has worked for `limitMs` since now. Work and not time on the wall: a busy machine must not
 * make an expression fail that is fine.
 */
function watch(limitMs: number, expire: () => void): { stop(): void } {
  const start = process.cpuUsage();
  const startMs = performance.now();
  let stopped = false;
  let timer = setTimeout(look, limitMs);
  function look(): void {
    const { user, system } = process.cpuUsage(start);
    const leftMs = limitMs - (user + system) / 1000;
    if (leftMs > 0 && performance.now() - startMs < maxStretch * limitMs) {
      timer = setTimeout(look, Math.max(10, leftMs));
      return;
    }
    // An answer that waits in the event loop behind this timer still counts.
    setImmediate(() => {
      if (!stopped) expire();
    });
  }
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
