import type { Delivery } from "./delivery.js";
import type { Answer, LogLine, Offer } from "./model.js";

/** An assignment that is under way in this process. */
export interface Job {
  offer: Offer;
  answer: Answer | undefined;
  /** The answer's update where it is small. */
  bytes: Buffer | undefined;
  /** It is in the journal: told to the hub in Hello. */
  held: boolean;
  /** The policy's decision while it is not in the journal: brief work is written down with its answer. */
  decision: LogLine | undefined;
  readonly abort: AbortController;
  /** The answer on its way. */
  delivery: Delivery | undefined;
  /** Whether the hub may have a part of the answer already. */
  sentBefore: boolean;
}

/** A job of which nothing has been done yet. */
export function newJob(offer: Offer): Job {
  return {
    offer,
    answer: undefined,
    bytes: undefined,
    decision: undefined,
    delivery: undefined,
    held: false,
    abort: new AbortController(),
    sentBefore: false,
  };
}
