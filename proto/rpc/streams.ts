import type { Readable, Writable } from "node:stream";
import { ComityError } from "#kernel/errors.js";
import type { Call } from "./call.js";
import { limitReadAhead } from "./internals.js";
import { wire } from "./limits.js";

/** A message that the peer has not taken is kept; more than this many mean that it does not read at all. */
const maxQueuedMessages = 4096;

/** Sends one message after the other on a bidirectional call. Never throws: a call that is over takes no more. */
export interface Sender<Message> {
  /** False when the peer is behind (then wait for `drained` before sending bulk) or the call is over. */
  (message: Message): boolean;
  /** Resolves when there is room again, or the call is over. */
  drained(): Promise<void>;
}

/** The peer's messages; reading throws when the connection broke before their end. Leaving the loop does not end the call. */
export function inbound<Message>(stream: Readable, call: Call): AsyncIterable<Message> {
  if (call.kind === "clientStream") limitReadAhead(stream, wire.chunksAhead);
  const iterator: AsyncIterator<Message> = stream.iterator({ destroyOnReturn: false });
  // A session may be silent as long as it likes; an upload may not.
  const waiting = call.kind === "clientStream" ? "in" : undefined;
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        call.waiting = waiting;
        let step: IteratorResult<Message>;
        try {
          step = await iterator.next();
        } catch (cause) {
          throw new ComityError("SITE_VANISHED", "The peer broke off the stream.", { cause });
        } finally {
          call.waiting = undefined;
        }
        if (step.done === true && call.ended)
          throw new ComityError("SITE_VANISHED", "The peer broke off the stream.");
        return step;
      },
      async return() {
        await iterator.return?.();
        return { done: true, value: undefined };
      },
    }),
  };
}

/** The {@link Sender} of a bidirectional call. */
export function outbound<Message>(stream: Writable, call: Call): Sender<Message> {
  const send = (message: Message): boolean => {
    if (call.ended || stream.writableEnded) return false;
    if (stream.writableLength >= maxQueuedMessages) {
      call.abort(new ComityError("RATE_LIMITED", "The peer does not read what it is sent."));
      return false;
    }
    return stream.write(message);
  };
  return Object.assign(send, { drained: () => room(stream, call) });
}

/** Writes everything that the source yields, asking for more only when grpc-js has taken what it was given. */
export async function pump<Message>(
  source: AsyncIterable<Message>,
  stream: Writable,
  call: Call,
): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  // A source that waits for something else than the peer is told to stop at once; its `finally` runs.
  const stop = () => void Promise.resolve(iterator.return?.()).catch(() => undefined);
  stream.once("close", stop);
  try {
    while (!call.ended) {
      call.sourceWaitSinceMs = performance.now();
      const step = await iterator.next();
      call.sourceWaitSinceMs = undefined;
      if (step.done === true) return;
      await deliver(step.value, stream, call);
    }
  } finally {
    stream.off("close", stop);
    if (call.ended) stop();
  }
}

/** Resolves when a message has left, or will never leave: from then on its bytes may be overwritten. */
function deliver(message: unknown, stream: Writable, call: Call): Promise<void> {
  return new Promise((resolve) => {
    call.waiting = "out";
    const done = () => {
      call.waiting = undefined;
      stream.off("close", done);
      resolve();
    };
    stream.once("close", done);
    stream.write(message, done);
  });
}

/** Resolves when the stream takes more, or will never take more. */
function room(stream: Writable, call: Call): Promise<void> {
  return new Promise((resolve) => {
    if (!stream.writableNeedDrain || stream.destroyed || call.ended) {
      resolve();
      return;
    }
    call.waiting = "out";
    const done = () => {
      call.waiting = undefined;
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.once("drain", done).once("close", done);
  });
}
