import { Serial } from "#kernel/async.js";
import { BoundedThread } from "#kernel/bounded-thread.js";
import { ComityError } from "#kernel/errors.js";
import type { DatasetLocation } from "../data/datasets.js";

/** One work over rows, as the thread is asked for it. */
export interface RowOrder {
  /** The name of its kind. */
  readonly kind: string;
  readonly body: unknown;
  readonly dataset: DatasetLocation;
  readonly minCell: number;
}

/** What the thread says to an order. */
export interface RowReply {
  readonly value: unknown;
}

/** Does the site's work over rows, one after the other, in a thread that is started when the first one comes. */
export class RowThread {
  readonly #thread: BoundedThread<RowOrder, RowReply>;
  readonly #orders = new Serial();

  constructor() {
    const ended = (cause: unknown) =>
      new ComityError("WORK_FAILED", "The thread that reads rows ended unexpectedly.", {
        hint: "See the agent's log.",
        cause,
      });
    this.#thread = new BoundedThread(new URL("./worker.js", import.meta.url), "rows", { ended });
  }

  /**
   * What comes of an order, after those before it. Throws what the work and the data do, `RUN_CANCELLED` when the signal fires (at once, also
   * while it waits for its turn), and `WORK_FAILED` when the thread dies; the next order has a new one.
   */
  run(order: RowOrder, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let isUnderWay = false;
      const leave = () => {
        const cancelled = new ComityError("RUN_CANCELLED", "The work was cancelled.");
        reject(cancelled);
        // A file is read to its end, whoever still wants it.
        if (isUnderWay) void this.#thread.end(cancelled);
      };
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      const turn = async (): Promise<unknown> => {
        if (signal.aborted) return undefined;
        isUnderWay = true;
        try {
          return (await this.#thread.ask(order)).value;
        } finally {
          isUnderWay = false;
          signal.removeEventListener("abort", leave);
        }
      };
      this.#orders.run(turn).then(resolve, reject);
    });
  }

  /** Ends the thread, and with it the work that it is at. */
  async close(): Promise<void> {
    await this.#thread.close(new ComityError("WORK_FAILED", "The agent is stopping."));
    await this.#orders.idle();
  }
}
