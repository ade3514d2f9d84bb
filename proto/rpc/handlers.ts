import type { Writable } from "node:stream";
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  sendUnaryData,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Log } from "#kernel/log.js";
import type { Call, CallInfo } from "./call.js";
import { type CallStatus, toStatus } from "./errors.js";
import type { Guard } from "./guard.js";
import { inbound, outbound, pump, type Sender } from "./streams.js";

/** The four shapes of a method as plain functions. They may throw at any time; what they throw becomes the call's status. */
type Unary<Request, Reply> = (request: Request, call: CallInfo) => Promise<Reply>;
/** Is asked for the next message only when there is room for it; a cancelled call ends the iteration (`finally` runs). */
type ServerStream<Request, Message> = (request: Request, call: CallInfo) => AsyncIterable<Message>;
/**
 * Reading throws when the connection breaks. A peer that cancels looks like one that has ended, for Node's HTTP/2 client sends an
 * end some time before its reset: whoever takes bytes keeps what came and compares their number with the header's.
 */
type ClientStream<Message, Reply> = (messages: AsyncIterable<Message>, call: CallInfo) => Promise<Reply>;
/** The call ends when the function returns. */
export type Bidi<Message, Answer> = (
  messages: AsyncIterable<Message>,
  send: Sender<Answer>,
  call: CallInfo,
) => Promise<void>;

/** The plain function for one entry of a generated `…Handlers` type. */
type PlainHandler<Handler> =
  Handler extends handleUnaryCall<infer Request, infer Reply>
    ? Unary<Request, Reply>
    : Handler extends handleServerStreamingCall<infer Request, infer Message>
      ? ServerStream<Request, Message>
      : Handler extends handleClientStreamingCall<infer Message, infer Reply>
        ? ClientStream<Message, Reply>
        : Handler extends handleBidiStreamingCall<infer Message, infer Answer>
          ? Bidi<Message, Answer>
          : never;

/** A service as plain functions, one for each method: `Implementation<ControlHandlers>`. */
export type Implementation<Handlers> = {
  [Method in keyof Handlers as string extends Method ? never : Method]: PlainHandler<Handlers[Method]>;
};

type Message = object;

type Methods = Readonly<Record<string, MethodDefinition<Message, Message>>>;

/** The methods of `definition` that `functions` has, and their handlers, as `Server.addService` takes them. */
export function wrapService(
  definition: Methods,
  functions: object,
  guard: Guard,
  log: Log,
): { definition: Methods; handlers: UntypedServiceImplementation } {
  const given = Object.entries(definition).filter(
    ([name]) => typeof Reflect.get(functions, name) === "function",
  );
  return {
    definition: Object.fromEntries(given.map(([name, method]) => [name, logFaultyReplies(method, log)])),
    handlers: Object.fromEntries(
      given.map(([name, method]) => {
        const plain: unknown = Reflect.get(functions, name);
        return [name, wrapMethod(method, { guard, log, method: method.path, functions, plain })];
      }),
    ),
  };
}

/** What every wrapper needs. */
interface Wrapping {
  readonly guard: Guard;
  readonly log: Log;
  readonly method: string;
  /** The object that the plain function belongs to. */
  readonly functions: object;
  readonly plain: unknown;
}

/** `Implementation` gave each plain function the shape that its method has, so the definition says which it is. */
function wrapMethod(method: MethodDefinition<Message, Message>, wrapping: Wrapping): UntypedHandleCall {
  if (method.requestStream) return method.responseStream ? wrapBidi(wrapping) : wrapClientStream(wrapping);
  return method.responseStream ? wrapServerStream(wrapping) : wrapUnary(wrapping);
}

function wrapUnary({ guard, functions, plain, ...at }: Wrapping): handleUnaryCall<Message, Message> {
  const answer = plain as Unary<Message, Message>;
  return (surface, reply) => {
    const call = guard.callOf(surface.metadata);
    settle(at, call, () => answer.call(functions, surface.request, call), reply);
  };
}

function wrapClientStream({
  guard,
  functions,
  plain,
  ...at
}: Wrapping): handleClientStreamingCall<Message, Message> {
  const answer = plain as ClientStream<Message, Message>;
  return (surface, reply) => {
    const call = guard.callOf(surface.metadata);
    settle(at, call, () => answer.call(functions, inbound<Message>(surface, call), call), reply);
  };
}

function wrapServerStream({
  guard,
  functions,
  plain,
  ...at
}: Wrapping): handleServerStreamingCall<Message, Message> {
  const answer = plain as ServerStream<Message, Message>;
  return (surface) => {
    const call = guard.callOf(surface.metadata);
    finish(at, call, surface, () => pump(answer.call(functions, surface.request, call), surface, call));
  };
}

function wrapBidi({ guard, functions, plain, ...at }: Wrapping): handleBidiStreamingCall<Message, Message> {
  const answer = plain as Bidi<Message, Message>;
  return (surface) => {
    const call = guard.callOf(surface.metadata);
    finish(at, call, surface, () =>
      answer.call(functions, inbound<Message>(surface, call), outbound(surface, call), call),
    );
  };
}

type Place = Pick<Wrapping, "log" | "method">;

/** Runs a function that answers once. It is begun inside a promise, so that a synchronous throw is an error like any other. */
function settle(at: Place, call: Call, answer: () => Promise<Message>, reply: sendUnaryData<Message>): void {
  const run = async () => {
    const message = await answer();
    call.complete();
    reply(null, message);
  };
  run().catch((error: unknown) => {
    call.complete();
    // What a handler throws because its peer went away is no news.
    if (call.ended) at.log.debug({ err: error, method: at.method }, "a call ended before its answer");
    else reply(toStatus(error, at.log, at.method));
  });
}

/** Runs a function that writes to the stream itself, then ends the stream. */
function finish(at: Place, call: Call, stream: Writable, answer: () => Promise<void>): void {
  const end = (status?: CallStatus) => {
    // What is still queued goes out first; a peer that does not take it is found by the stall watch.
    call.waiting = "out";
    if (status === undefined) stream.end();
    else stream.emit("error", status);
  };
  const run = async () => {
    await answer();
    call.complete();
    if (!call.ended) end();
  };
  run().catch((error: unknown) => {
    call.complete();
    if (call.ended) at.log.debug({ err: error, method: at.method }, "a call ended before its answer");
    else end(toStatus(error, at.log, at.method));
  });
}

/** grpc-js says only `Error serializing response`; the log should say why. */
function logFaultyReplies(
  method: MethodDefinition<Message, Message>,
  log: Log,
): MethodDefinition<Message, Message> {
  return {
    ...method,
    responseSerialize: (message) => {
      try {
        return method.responseSerialize(message);
      } catch (err) {
        log.error({ err, method: method.path }, "a reply does not fit its message");
        throw err;
      }
    },
  };
}
