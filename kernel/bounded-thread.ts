import { Worker } from "node:worker_threads";
import { type Deferred, deferred, Serial } from "./async.js";
import { ComityError } from "./errors.js";

/**
 * A script in a thread of its own that answers one request at a time: it says `"ready"` first, and then one message for each
 * request. A request that works too long ends the thread, and the next one gets a new thread. A thread that waits keeps no process alive.
 */
export class BoundedThread<Request, Reply extends object> {
  readonly #script: URL;
  /** For errors. */
  readonly #name: string;
  #worker: Worker | undefined;
  #ready = deferred();
  #waiting: Deferred<Reply | "late"> | undefined;
  readonly #serial = new Serial();
  #closed = false;

  constructor(script: URL, name: string) {
    this.#script = script;
    this.#name = name;
  }

  /** What the script says to one request; `late` after `limitMs` of work. Requests wait for each other. */
  run(request: Request, limitMs: number): Promise<Reply | "late"> {
    return this.#serial.run(() => this.#run(request, limitMs));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting?.reject(this.#gone("closed"));
    await this.#worker?.terminate();
  }

  async #run(request: Request, limitMs: number): Promise<Reply | "late"> {
    if (this.#closed) throw this.#gone("closed");
    const worker = (this.#worker ??= this.#start());
    const waiting = (this.#waiting = deferred<Reply | "late">());
    worker.ref();
    await Promise.race([this.#ready.promise, waiting.promise]);
    worker.postMessage(request);
    const timer = watch(limitMs, () => {
      waiting.resolve("late");
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
    const worker = new Worker(this.#script, { env: {} });
    let failure: unknown;
    worker.on("message", (message: Reply | "ready") => {
      if (message === "ready") ready.resolve();
      else if (this.#worker === worker) this.#waiting?.resolve(message);
    });
    worker.on("error", (error) => {
      failure = error;
    });
    worker.on("exit", () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#waiting?.reject(this.#gone("ended", failure));
    });
    return worker;
  }

  #gone(how: "closed" | "ended", cause?: unknown): ComityError {
    return new ComityError(
      "INTERNAL",
      `The thread of ${this.#name} has ${how === "ended" ? "ended" : "been closed"}.`,
      {
        cause,
      },
    );
  }
}

/** How much longer than its limit a request may take by the clock when the machine has no time for it. */
const maxStretch = 20;

/**
 * Calls `expire` when the process has worked for `limitMs` since now. Work and not time on the wall: a busy machine must not
 * make a request fail that is fine.
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
