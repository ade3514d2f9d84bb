import { ComityError } from "#kernel/errors.js";
import type { Call } from "./call.js";
import type { Connections } from "./connections.js";

/** A transfer may be as slow as this, in bytes a second, for `stallMs`. */
const minBytesPerSecond = 1024;
const looks = 3;

/**
 * Ends calls whose handler waits for a peer that moves next to no bytes: an upload that trickles, a reader that does not read.
 * It counts the bytes of the connection, which costs nothing for each message and sees less than a message move.
 */
export class Stalls {
  readonly #timer: NodeJS.Timeout;

  constructor(calls: ReadonlySet<Call>, connections: Connections, stallMs: number) {
    const everyMs = stallMs / looks;
    const minBytes = (minBytesPerSecond * everyMs) / 1000;
    this.#timer = setInterval(() => {
      for (const call of calls) {
        const bytes = connections.get(call.peer)?.bytesMoved ?? 0;
        call.strikes = call.waiting !== undefined && bytes - call.bytesSeen < minBytes ? call.strikes + 1 : 0;
        call.bytesSeen = bytes;
        if (call.strikes < looks) continue;
        call.abort(
          new ComityError(
            "DEADLINE_EXCEEDED",
            `The peer moved less than ${minBytesPerSecond} bytes a second for too long.`,
          ),
        );
      }
    }, everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
