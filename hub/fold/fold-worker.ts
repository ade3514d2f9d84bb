import { parentPort } from "node:worker_threads";
import type { Said } from "#kernel/bounded-thread.js";
import { toFailure } from "#kernel/thread-failure.js";
import type { PassEnd } from "./folder.js";
import { follow, type Order } from "./follow.js";
import { TileBoard } from "./tile-board.js";

/** What a thread of the pool is told. */
export interface ThreadOrder extends Order {
  /** The memory of the board that the threads share; undefined for one that works alone. */
  readonly board: SharedArrayBuffer | undefined;
}

/** What it answers. */
export interface ThreadReply {
  readonly end: PassEnd | undefined;
}

function answer(order: ThreadOrder): ThreadReply | Said {
  try {
    return { end: follow(order, order.board && new TileBoard(order.board)) };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

parentPort?.on("message", (order: ThreadOrder) => parentPort?.postMessage(answer(order)));
parentPort?.postMessage("ready");
