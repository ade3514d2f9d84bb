import { type ResourceLimits, SHARE_ENV, Worker } from "node:worker_threads";
import { type Deferred, deferred, Serial } from "./async.js";
import { ComityError } from "./errors.js";
import { failureOf, type ThreadFailure } from "./thread-failure.js";

/**
 * What a script may post besides one reply for each request: once that it is ready, perhaps with what it has found; news
 * before a reply; a failure instead of one. A thread that says it is broken is ended.
 */
export type Said<News = never, Ready = undefined> =
  | "ready"
  | { readonly ready: Ready }
  | { readonly news: News }
  | { readonly failure: ThreadFailure; readonly broken?: boolean };

export interface ThreadOptions<Ready = undefined> {
  readonly workerData?: unknown;
  readonly resourceLimits?: ResourceLimits;
  /** Whether the script sees the environment of the process; it has none otherwise. */
  readonly sharesEnvironment?: boolean;
  /** Called at every start of the script, with what it says of it. */
  onReady?(ready: Ready): void;
  /** Called when a thread has ended of itself, or calls itself broken. */
  onBroken?(cause: unknown): void;
  /** What a request fails with whose thread has ended of itself; `INTERNAL` where this is not given. */
  ended?(cause: unknown): Error;
}

/** A request that a thread is at. */
interface Job<Reply, News> {
  readonly outcome: Deferred<Reply | "late">;
  readonly onNews: ((news: News) => void) | undefined;
}

/** One worker, from its start to its end. */
interface Life<Reply, News, Ready> {
  readonly worker: Worker;
  readonly ready: Deferred<Ready>;
  /** Those who wait for it: without any it keeps no process alive. */
  holds: number;
  job: Job<Reply, News> | undefined;
}

/**
 * A script in a thread of its own that answers one request at a time: it says `"ready"` first, and then one message for each
 * request, see {@link Said}. A request that works too long ends the thread, and the next one gets a new thread. A thread that
 * waits keeps no process alive. Replies must not have the keys of {@link Said}.
 */
export class BoundedThread<Request, Reply extends object, News = never, Ready = undefined> {
  readonly #script: URL;
  /** For errors. */
  readonly #name: string;
  readonly #options: ThreadOptions<Ready>;
  #life: Life<Reply, News, Ready> | undefined;
  readonly #serial = new Serial();
  #closed: Error | undefined;

  constructor(script: URL, name: string, options: ThreadOptions<Ready> = {}) {
    this.#script = script;
    this.#name = name;
    this.#options = options;
  }

  /** What the script says to one request; `late` after `limitMs` of work. Requests wait for each other. */
  run(request: Request, limitMs: number): Promise<Reply | "late"> {
    return this.#serial.run(() => this.#run(request, limitMs, undefined));
  }

  /** What the script says to one request, however long that takes, and before it perhaps some news. */
  ask(request: Request, onNews?: (news: News) => void): Promise<Reply> {
    return this.#serial.run(() => this.#run(request, undefined, onNews) as Promise<Reply>);
  }

  /** What the thread says of its start; starts one where none is. Does not wait for requests. */
  async ready(): Promise<Ready> {
    if (this.#closed !== undefined) throw this.#closed;
    const life = (this.#life ??= this.#start());
    return hold(life, () => life.ready.promise);
  }

  /** Ends the thread by force, and with it the request that it is at, which fails with `reason`. The next one gets a new thread. */
  async end(reason: Error): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#leave(life, reason);
    await life.worker.terminate();
  }

  /** Ends the thread for good: what is asked later, or still waits for its turn, fails with `reason` too. */
  async close(reason: Error = this.#gone("been closed")): Promise<void> {
    this.#closed ??= reason;
    await this.end(reason);
  }

  async #run(
    request: Request,
    limitMs: number | undefined,
    onNews: ((news: News) => void) | undefined,
  ): Promise<Reply | "late"> {
    if (this.#closed !== undefined) throw this.#closed;
    const life = (this.#life ??= this.#start());
    const outcome = deferred<Reply | "late">();
    life.job = { outcome, onNews };
    return hold(life, async () => {
      let timer: { stop(): void } | undefined;
      try {
        await Promise.race([life.ready.promise, outcome.promise]);
        life.worker.postMessage(request);
        if (limitMs !== undefined) timer = watch(limitMs, () => this.#expire(life, outcome));
        return await outcome.promise;
      } finally {
        timer?.stop();
        life.job = undefined;
      }
    });
  }

  #expire(life: Life<Reply, News, Ready>, outcome: Deferred<Reply | "late">): void {
    outcome.resolve("late");
    if (this.#life === life) this.#life = undefined;
    void life.worker.terminate();
  }

  #start(): Life<Reply, News, Ready> {
    const { workerData, resourceLimits, sharesEnvironment = false } = this.#options;
    const worker = new Worker(this.#script, {
      workerData,
      env: sharesEnvironment ? SHARE_ENV : {},
      ...(resourceLimits !== undefined && { resourceLimits }),
    });
    worker.unref();
    const life: Life<Reply, News, Ready> = { worker, ready: deferred<Ready>(), holds: 0, job: undefined };
    // Whoever does not wait for it hears of a failure from its request.
    life.ready.promise.catch(() => undefined);
    let failure: unknown;
    worker.on("message", (message: Reply | Said<News, Ready>) => this.#receive(life, message));
    worker.on("error", (error: unknown) => {
      failure = error;
    });
    worker.on("exit", (exitCode) => {
      const cause = failure ?? new Error(`It ended with exit code ${exitCode}.`);
      this.#break(life, cause, this.#options.ended?.(cause) ?? this.#gone("ended", cause));
    });
    return life;
  }

  #receive(life: Life<Reply, News, Ready>, message: Reply | Said<News, Ready>): void {
    if (this.#life !== life) return;
    if (message === "ready") this.#settle(life, undefined as Ready);
    else if ("ready" in message) this.#settle(life, message.ready);
    else if ("news" in message) life.job?.onNews?.(message.news);
    else if (!("failure" in message)) life.job?.outcome.resolve(message);
    else {
      const error = failureOf(message.failure);
      if (message.broken === true) this.#break(life, error, error);
      else life.job?.outcome.reject(error);
    }
  }

  #settle({ ready }: Life<Reply, News, Ready>, found: Ready): void {
    ready.resolve(found);
    this.#options.onReady?.(found);
  }

  #break(life: Life<Reply, News, Ready>, cause: unknown, reason: Error): void {
    if (this.#life !== life) return;
    this.#options.onBroken?.(cause);
    this.#leave(life, reason);
    void life.worker.terminate();
  }

  /** Takes the life away from whatever comes next. */
  #leave(life: Life<Reply, News, Ready>, reason: Error): void {
    if (this.#life === life) this.#life = undefined;
    life.ready.reject(reason);
    life.job?.outcome.reject(reason);
  }

  #gone(how: "been closed" | "ended", cause?: unknown): ComityError {
    return new ComityError("INTERNAL", `The thread of ${this.#name} has ${how}.`, { cause });
  }
}

/** Keeps the process alive while somebody waits for the thread. */
async function hold<T>(life: { readonly worker: Worker; holds: number }, wait: () => Promise<T>): Promise<T> {
  if (life.holds++ === 0) life.worker.ref();
  try {
    return await wait();
  } finally {
    if (--life.holds === 0) life.worker.unref();
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
