import { Worker } from "node:worker_threads";
import { type Deferred, deferred } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { Order } from "./aggregate-worker.js";
import type { WrittenBlob } from "./blob-writer.js";
import { failureOf, type ThreadFailure } from "./failure.js";

type Answer = { id: number; result: WrittenBlob | undefined } | { id: number; failure: ThreadFailure };

/** A thread that does one order after the other. It starts with the first one, and anew when it has died. */
export class AggregateThread {
  #worker: Worker | undefined;
  #waiting = new Map<number, Deferred<WrittenBlob | undefined>>();
  #nextId = 1;

  /** Starts the thread before it is needed. */
  warm(): void {
    this.#start();
  }

  ask(order: Order): Promise<WrittenBlob | undefined> {
    const id = this.#nextId++;
    const waiting = deferred<WrittenBlob | undefined>();
    this.#waiting.set(id, waiting);
    this.#start().postMessage({ id, order });
    return waiting.promise;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
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
