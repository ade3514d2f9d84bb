import { once } from "node:events";
import type { Writable } from "node:stream";
import type { Client, Metadata } from "@grpc/grpc-js";
import { ComityError } from "#kernel/errors.js";
import { fromServiceError } from "./errors.js";
import { limitReadAhead } from "./internals.js";
import { wire } from "./limits.js";

/** What a call needs of a method; every entry of a generated `…Definition` has it. */
export interface Method<Request, Reply> {
  readonly path: string;
  requestSerialize(message: Request): Buffer;
  responseDeserialize(bytes: Buffer): Reply;
}

export interface CallSettings {
  /** From now, in milliseconds. A unary call has 30 s unless given, a stream has none. */
  readonly deadlineMs?: number;
  /** Cancels the call; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** The bytes of a message may be overwritten once the next one is asked for: each then leaves before that. */
  readonly memoryReused?: boolean;
}

/** Where a call goes. */
export interface Place {
  readonly client: Client;
  /** `host:port`, for messages. */
  readonly target: string;
  readonly metadata: Metadata;
  readonly running: RunningCalls;
}

/** The calls of a channel, so that they end with it; grpc-js would let them go on. */
export class RunningCalls {
  /** Cancels one each. */
  readonly cancels = new Set<() => void>();
  closed = false;

  close(): void {
    this.closed = true;
    for (const cancel of this.cancels) cancel();
  }
}

/** A call both ways. */
export interface BidiCall<Request, Reply> {
  /** The peer's messages. Throws what the hub threw; ends when the hub ended the call in good order. */
  readonly messages: AsyncIterable<Reply>;
  /** False when the peer is behind (then wait for `drained` before sending bulk) or the call is over. Never throws. */
  send(message: Request): boolean;
  /** Resolves when there is room again, or the call is over. */
  drained(): Promise<void>;
  /** No more messages from here; the hub's still come. */
  end(): void;
  cancel(): void;
}

const defaultDeadlineMs = 30_000;

export function callUnary<Request, Reply>(
  place: Place,
  method: Method<Request, Reply>,
  request: Request,
  { deadlineMs = defaultDeadlineMs, signal }: CallSettings,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const early = endOf(place, signal);
    if (early !== undefined) {
      reject(early);
      return;
    }
    const call = place.client.makeUnaryRequest(
      method.path,
      method.requestSerialize.bind(method),
      method.responseDeserialize.bind(method),
      request,
      place.metadata,
      { deadline: Date.now() + deadlineMs },
      (error, reply) => {
        release();
        if (error !== null) reject(endOf(place, signal) ?? fromServiceError(error, place.target));
        // Without an error there is a reply: grpc-js' types leave it open.
        else resolve(reply as Reply);
      },
    );
    const release = cancelWith(place, signal, () => call.cancel());
  });
}

export async function* callServerStream<Request, Reply>(
  place: Place,
  method: Method<Request, Reply>,
  request: Request,
  { deadlineMs, signal }: CallSettings,
): AsyncGenerator<Reply, void, undefined> {
  throwEnd(place, signal);
  const stream = place.client.makeServerStreamRequest(
    method.path,
    method.requestSerialize.bind(method),
    method.responseDeserialize.bind(method),
    request,
    place.metadata,
    deadlineOption(deadlineMs),
  );
  limitReadAhead(stream, wire.chunksAhead);
  // The reader below sees every error; this one is for those that come after it has gone.
  stream.on("error", () => undefined);
  const release = cancelWith(place, signal, () => stream.cancel());
  try {
    const messages: AsyncIterable<Reply> = stream;
    yield* messages;
  } catch (error) {
    throw endOf(place, signal) ?? fromServiceError(error, place.target);
  } finally {
    release();
    stream.cancel();
  }
}

export async function callClientStream<Request, Reply>(
  place: Place,
  method: Method<Request, Reply>,
  source: AsyncIterable<Request>,
  { deadlineMs, signal, memoryReused = false }: CallSettings,
): Promise<Reply> {
  throwEnd(place, signal);
  const answered = new AbortController();
  let answer: { readonly error: unknown } | { readonly reply: Reply | undefined } | undefined;
  const stream = place.client.makeClientStreamRequest(
    method.path,
    method.requestSerialize.bind(method),
    method.responseDeserialize.bind(method),
    place.metadata,
    deadlineOption(deadlineMs),
    (error, reply) => {
      answer = error === null ? { reply } : { error };
      answered.abort();
    },
  );
  stream.on("error", () => undefined);
  const release = cancelWith(place, signal, () => stream.cancel());
  try {
    for await (const message of source) {
      if (answered.signal.aborted) break;
      if (memoryReused) await sent(stream, message, answered.signal);
      else if (!stream.write(message)) await either(stream, "drain", answered.signal);
    }
    if (!answered.signal.aborted) {
      stream.end();
      await once(answered.signal, "abort");
    }
  } catch (error) {
    // The source failed: the hub must not take what it has for the whole.
    stream.cancel();
    throw error;
  } finally {
    release();
  }
  if (answer === undefined || "error" in answer) {
    throw endOf(place, signal) ?? fromServiceError(answer?.error, place.target);
  }
  return answer.reply as Reply;
}

export function callBidi<Request, Reply>(
  place: Place,
  method: Method<Request, Reply>,
  { deadlineMs, signal }: CallSettings,
): BidiCall<Request, Reply> {
  const stream = place.client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize.bind(method),
    method.responseDeserialize.bind(method),
    place.metadata,
    deadlineOption(deadlineMs),
  );
  const over = new AbortController();
  const cancel = () => stream.cancel();
  stream.on("error", () => over.abort());
  stream.on("status", () => over.abort());
  over.signal.addEventListener("abort", cancelWith(place, signal, cancel), { once: true });
  const iterator: AsyncIterator<Reply> = stream.iterator({ destroyOnReturn: false });
  const read = async (): Promise<IteratorResult<Reply>> => {
    try {
      return await iterator.next();
    } catch (error) {
      throw endOf(place, signal) ?? fromServiceError(error, place.target);
    }
  };
  return {
    messages: { [Symbol.asyncIterator]: () => ({ next: read }) },
    send: (message) => !over.signal.aborted && !stream.writableEnded && stream.write(message),
    drained: () => (stream.writableNeedDrain ? either(stream, "drain", over.signal) : Promise.resolve()),
    end: () => stream.end(),
    cancel,
  };
}

function deadlineOption(deadlineMs: number | undefined): { deadline?: number } {
  return deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
}

/**
 * Resolves when a message has left, or the signal has fired. The first MiB of a call is told as sent while grpc-js may still hold it, and all
 * of it has left when the next message has: who reuses memory keeps twice as much. Not for short calls: a hub that is killed between
 * two small writes of an agent can go unnoticed by Node.js 20 until the next keep-alive.
 */
function sent(stream: Writable, message: unknown, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done, { once: true });
    stream.write(message, done);
  });
}

/** Waits for an event, or for the signal; never throws. */
async function either(emitter: NodeJS.EventEmitter, event: string, signal: AbortSignal): Promise<void> {
  await once(emitter, event, { signal }).catch(() => undefined);
}

/** Cancels a call when its signal fires or its channel is closed; the answer takes the watch off. */
function cancelWith(place: Place, signal: AbortSignal | undefined, cancel: () => void): () => void {
  place.running.cancels.add(cancel);
  if (signal?.aborted === true || place.running.closed) cancel();
  else signal?.addEventListener("abort", cancel, { once: true });
  return () => {
    place.running.cancels.delete(cancel);
    signal?.removeEventListener("abort", cancel);
  };
}

/** What a call that this side ended throws. */
function endOf(place: Place, signal: AbortSignal | undefined): Error | undefined {
  if (signal?.aborted === true) {
    return signal.reason instanceof Error ? signal.reason : new Error("The call was cancelled.");
  }
  if (!place.running.closed) return undefined;
  return new ComityError("HUB_UNREACHABLE", `The connection to the hub at ${place.target} was closed here.`);
}

function throwEnd(place: Place, signal: AbortSignal | undefined): void {
  const end = endOf(place, signal);
  if (end !== undefined) throw end;
}
