import { once } from "node:events";
import type { Client, Metadata } from "@grpc/grpc-js";
import { fromServiceError } from "./errors.js";

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
}

/** Where a call goes. */
export interface Place {
  readonly client: Client;
  /** `host:port`, for messages. */
  readonly target: string;
  readonly metadata: Metadata;
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
  { client, target, metadata }: Place,
  method: Method<Request, Reply>,
  request: Request,
  { deadlineMs = defaultDeadlineMs, signal }: CallSettings,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(reasonOf(signal));
      return;
    }
    const cancel = () => call.cancel();
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize.bind(method),
      method.responseDeserialize.bind(method),
      request,
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error, reply) => {
        signal?.removeEventListener("abort", cancel);
        if (signal?.aborted === true) reject(reasonOf(signal));
        else if (error !== null) reject(fromServiceError(error, target));
        // Without an error there is a reply: grpc-js' types leave it open.
        else resolve(reply as Reply);
      },
    );
    signal?.addEventListener("abort", cancel, { once: true });
  });
}

export async function* callServerStream<Request, Reply>(
  { client, target, metadata }: Place,
  method: Method<Request, Reply>,
  request: Request,
  { deadlineMs, signal }: CallSettings,
): AsyncGenerator<Reply, void, undefined> {
  signal?.throwIfAborted();
  const stream = client.makeServerStreamRequest(
    method.path,
    method.requestSerialize.bind(method),
    method.responseDeserialize.bind(method),
    request,
    metadata,
    deadlineOption(deadlineMs),
  );
  // The reader below sees every error; this one is for those that come after it has gone.
  stream.on("error", () => undefined);
  const cancel = () => stream.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    const messages: AsyncIterable<Reply> = stream;
    yield* messages;
  } catch (error) {
    signal?.throwIfAborted();
    throw fromServiceError(error, target);
  } finally {
    signal?.removeEventListener("abort", cancel);
    stream.cancel();
  }
}

export async function callClientStream<Request, Reply>(
  { client, target, metadata }: Place,
  method: Method<Request, Reply>,
  source: AsyncIterable<Request>,
  { deadlineMs, signal }: CallSettings,
): Promise<Reply> {
  signal?.throwIfAborted();
  const answered = new AbortController();
  let answer: { readonly error: unknown } | { readonly reply: Reply | undefined } | undefined;
  const stream = client.makeClientStreamRequest(
    method.path,
    method.requestSerialize.bind(method),
    method.responseDeserialize.bind(method),
    metadata,
    deadlineOption(deadlineMs),
    (error, reply) => {
      answer = error === null ? { reply } : { error };
      answered.abort();
    },
  );
  stream.on("error", () => undefined);
  const cancel = () => stream.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    for await (const message of source) {
      if (answered.signal.aborted) break;
      if (!stream.write(message)) await either(stream, "drain", answered.signal);
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
    signal?.removeEventListener("abort", cancel);
  }
  signal?.throwIfAborted();
  if (answer === undefined || "error" in answer) throw fromServiceError(answer?.error, target);
  return answer.reply as Reply;
}

export function callBidi<Request, Reply>(
  { client, target, metadata }: Place,
  method: Method<Request, Reply>,
  { deadlineMs, signal }: CallSettings,
): BidiCall<Request, Reply> {
  const stream = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize.bind(method),
    method.responseDeserialize.bind(method),
    metadata,
    deadlineOption(deadlineMs),
  );
  const over = new AbortController();
  const cancel = () => stream.cancel();
  stream.on("error", () => over.abort());
  stream.on("status", () => over.abort());
  over.signal.addEventListener("abort", () => signal?.removeEventListener("abort", cancel), { once: true });
  if (signal?.aborted === true) cancel();
  else signal?.addEventListener("abort", cancel, { once: true });
  const iterator: AsyncIterator<Reply> = stream.iterator({ destroyOnReturn: false });
  const read = async (): Promise<IteratorResult<Reply>> => {
    try {
      return await iterator.next();
    } catch (error) {
      signal?.throwIfAborted();
      throw fromServiceError(error, target);
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

/** Waits for an event, or for the signal; never throws. */
async function either(emitter: NodeJS.EventEmitter, event: string, signal: AbortSignal): Promise<void> {
  await once(emitter, event, { signal }).catch(() => undefined);
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("The call was cancelled.");
}
