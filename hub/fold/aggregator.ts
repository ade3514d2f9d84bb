import { availableParallelism } from "node:os";
import { totalBytes } from "#aggregation/tensors/spec.js";
import { Serial } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { AggregateThread } from "./aggregate-thread.js";
import type { AggregateJob, InitialiseJob } from "./aggregate-worker.js";
import type { WrittenBlob } from "./blob-writer.js";
import { TileBoard } from "./tile-board.js";

/** More do not help: the one that leads has digest and file to itself, which takes as long as two others need for the tiles. */
const mostThreads = 3;
/** A smaller model is done before a second thread has begun. */
const shareFromBytes = 4 << 20;

/** Runs aggregations in threads of their own, so that sessions go on meanwhile. */
export class Aggregator {
  readonly #leader = new AggregateThread();
  readonly #helpers = Array.from(
    { length: Math.min(mostThreads, availableParallelism()) - 1 },
    () => new AggregateThread(),
  );

  readonly #board = new TileBoard();
  readonly #serial = new Serial();

  /** Starts the threads before they are needed. */
  warm(): this {
    for (const thread of [this.#leader, ...this.#helpers]) thread.warm();
    return this;
  }

  /** The weighted mean of update files, written to a new file. One after the other: all threads work on one. */
  aggregate(job: AggregateJob): Promise<WrittenBlob> {
    return this.#serial.run(() => this.#share(job));
  }

  /** The model that a run begins with, written to a new file. */
  async initialise(job: InitialiseJob): Promise<WrittenBlob> {
    return written(await this.#leader.ask({ kind: "initialise", job }));
  }

  async #share(job: AggregateJob): Promise<WrittenBlob> {
    const board = this.#board;
    board.clear();
    const helpers = totalBytes(job.tensors) < shareFromBytes ? [] : this.#helpers;
    const ask = async (thread: AggregateThread) => {
      try {
        return await thread.ask({
          kind: "aggregate",
          job,
          board: board.memory,
          leads: thread === this.#leader,
        });
      } catch (error) {
        board.stop();
        throw error;
      }
    };
    // When this is over all have left: the board is free, and nobody reads a file that may be deleted then.
    const [led, ...helped] = await Promise.allSettled([this.#leader, ...helpers].map(ask));
    for (const end of [led, ...helped]) if (end?.status === "rejected") throw end.reason;
    return written(led?.status === "fulfilled" ? led.value : undefined);
  }

  async close(): Promise<void> {
    await Promise.all([this.#leader, ...this.#helpers].map((thread) => thread.close()));
  }
}

function written(blob: WrittenBlob | undefined): WrittenBlob {
  if (blob === undefined) throw new ComityError("INTERNAL", "The aggregation has ended without a model.");
  return blob;
}
