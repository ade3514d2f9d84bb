import { availableParallelism } from "node:os";
import { totalBytes } from "#aggregation/tensors/spec.js";
import type { Bytes } from "#hub/blobs/reader.js";
import { Serial } from "#kernel/async.js";
import { BoundedThread } from "#kernel/bounded-thread.js";
import type { ThreadOrder, ThreadReply } from "./fold-worker.js";
import type { PassEnd, Step } from "./folder.js";
import type { Order } from "./follow.js";
import type { FoldDone, FoldJob } from "./job.js";
import { passes } from "./passes.js";
import { TileBoard } from "./tile-board.js";

/** More do not help: the one that leads has digest and file to itself, which takes as long as two others need for the tiles. */
const mostThreads = 3;
/** A smaller model is done before a second thread has begun. */
const shareFromBytes = 4 << 20;

type FoldThread = BoundedThread<ThreadOrder, ThreadReply>;

/**
 * Folds in threads of its own, so that sessions go on meanwhile: one job after the other, of a large one all threads make tiles.
 * A job that fails, or kills its thread, leaves the pool ready for the next.
 */
export class FoldPool {
  readonly #threads: readonly [FoldThread, ...FoldThread[]];
  readonly #board = new TileBoard();
  readonly #serial = new Serial();

  /** `script`: what the threads run; for tests. */
  constructor(script = new URL("./fold-worker.js", import.meta.url)) {
    const make = (): FoldThread => new BoundedThread(script, "folds");
    const helpers = Math.min(mostThreads, availableParallelism()) - 1;
    this.#threads = [make(), ...Array.from({ length: helpers }, make)];
  }

  /** Starts the threads before they are needed. */
  warm(): this {
    for (const thread of this.#threads) thread.ready().catch(() => undefined);
    return this;
  }

  /** What comes of a job, after those before it. Throws what its folder and the file system do, and `INTERNAL` for a thread that has died. */
  fold(job: FoldJob): Promise<FoldDone> {
    return this.#serial.run(() => this.#fold(withOwnBytes(job)));
  }

  /** Ends the threads, and with them the job that they are at. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #fold(job: FoldJob): Promise<FoldDone> {
    const steps = passes(job);
    for (let next = steps.next(); ; ) {
      if (next.done === true) return next.value;
      next = steps.next(await this.#pass(job, next.value));
    }
  }

  async #pass(job: FoldJob, step: Step | undefined): Promise<PassEnd | undefined> {
    const [leader, ...others] = this.#threads;
    const helpers = sizeOf(job) < shareFromBytes ? [] : others;
    const board = this.#board;
    board.clear();
    const ask = async (thread: FoldThread): Promise<PassEnd | undefined> => {
      try {
        const order: Order = { job, step, leads: thread === leader };
        const memory = helpers.length === 0 ? undefined : board.memory;
        return (await thread.ask({ ...order, board: memory })).end;
      } catch (error) {
        board.stop();
        throw error;
      }
    };
    // When this is over all have left: the board is free, and nobody reads a file that may be deleted then.
    const [led, ...helped] = await Promise.allSettled([leader, ...helpers].map(ask));
    for (const end of [led, ...helped]) if (end?.status === "rejected") throw end.reason;
    return led?.status === "fulfilled" ? led.value : undefined;
  }
}

/** Bytes of one answer's values. */
const sizeOf = ({ groups }: FoldJob): number =>
  Object.values(groups).reduce((sum, specs) => sum + totalBytes(specs), 0);

/** A view of a larger buffer would take all of that with it to each thread. */
function withOwnBytes(job: FoldJob): FoldJob {
  return {
    ...job,
    answers: job.answers.map((answer) => ({
      ...answer,
      bytes: answer.bytes && ownBytes(answer.bytes),
      ...(answer.base !== undefined && { base: ownBytes(answer.base) }),
    })),
    with: Object.fromEntries(Object.entries(job.with).map(([name, bytes]) => [name, ownBytes(bytes)])),
  };
}

const ownBytes = (bytes: Bytes): Bytes =>
  "inline" in bytes ? { inline: Uint8Array.from(bytes.inline) } : bytes;
