import { Worker } from "node:worker_threads";
import { type Deferred, deferred } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { AggregateJob, InitialiseJob, Job } from "./aggregate-worker.js";
import type { WrittenBlob } from "./blob-writer.js";
import { failureOf, type ThreadFailure } from "./failure.js";

type Answer = { id: number; result: WrittenBlob } | { id: number; failure: ThreadFailure };

/** Runs aggregations in a thread of its own, so that sessions go on meanwhile. */
export class Aggregator {
  #worker: Worker | undefined;
  #waiting = new Map<number, Deferred<WrittenBlob>>();
  #nextId = 1;

  /** Starts the thread before it is needed. */
  warm(): this {
    this.#start();
    return this;
  }

  /** The weighted mean of update files, written to a new file. */
  aggregate(job: Omit<AggregateJob, "kind">): Promise<WrittenBlob> {
    return this.#ask({ kind: "aggregate", ...job });
  }

  /** The model that a run begins with, written to a new file. */
  initialise(job: Omit<InitialiseJob, "kind">): Promise<WrittenBlob> {
    return this.#ask({ kind: "initialise", ...job });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #ask(job: Job): Promise<WrittenBlob> {
    const id = this.#nextId++;
    const waiting = deferred<WrittenBlob>();
    this.#waiting.set(id, waiting);
    this.#start().postMessage({ id, job });
    return waiting.promise;
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL("./aggregate-worker.js", import.meta.url));
    worker.unref();
    worker.on("message", (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("result" in answer) waiting?.resolve(answer.result);
      else waiting?.reject(failureOf(answer.failure));
    });
    worker.on("error", (cause) =>
      this.#fail(new ComityError("INTERNAL", "The aggregation thread has failed.", { cause })),
    );
    worker.on("exit", () => {
      this.#worker = undefined;
      this.#fail(new ComityError("INTERNAL", "The aggregation thread has ended."));
    });
    this.#worker = worker;
    return worker;
  }

  #fail(error: ComityError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
