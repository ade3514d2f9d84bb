import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { PassThrough, type Readable } from "node:stream";
import { Server } from "@grpc/grpc-js";

/*
 * Everything that Comity takes from grpc-js and Node past their public face, and nothing else does so. Each function checks what it
 * finds: after an upgrade that moves a field the hub is slower or less tidy, never wrong, and `checkInternals` says so.
 */

/** The HTTP/2 servers below a gRPC server. There is no option for the receive window of a connection (grpc/grpc-node#3058). */
export function http2ServersOf(server: Server): Http2Server[] {
  const servers: unknown = Reflect.get(server, "http2Servers");
  return servers instanceof Map ? [...servers.keys()].filter(isHttp2Server) : [];
}

/** The HTTP/2 stream of a call as an interceptor is given it: a status alone does not end the client's half of it. */
export function http2StreamOf(call: object): ServerHttp2Stream | undefined {
  const stream: unknown = Reflect.get(call, "stream");
  return isStream(stream) ? stream : undefined;
}

/** Raises a connection's receive window. */
export function raiseWindow(session: ServerHttp2Session, bytes: number): void {
  session.setLocalWindowSize(bytes);
}

/**
 * How many messages a stream reads ahead of its reader. Node's 16, of 256 KiB each, are too many for a hub with many uploads:
 * they live long enough to be collected with the whole heap. grpc-js takes no such option when it makes the stream.
 */
export function limitReadAhead(stream: Readable, messages: number): void {
  const state: unknown = Reflect.get(stream, "_readableState");
  if (typeof state === "object" && state !== null && "highWaterMark" in state) state.highWaterMark = messages;
}

/** What is missing from the installed grpc-js and from Node, for the log; empty when all is well. */
export function checkInternals(): string[] {
  const missing: string[] = [];
  if (!(Reflect.get(new Server({ "grpc.enable_channelz": 0 }), "http2Servers") instanceof Map))
    missing.push("Server.http2Servers");
  const stream = new PassThrough({ objectMode: true });
  limitReadAhead(stream, 1);
  if (stream.readableHighWaterMark !== 1) missing.push("Readable._readableState");
  return missing;
}

function isHttp2Server(thing: unknown): thing is Http2Server {
  return typeof thing === "object" && thing !== null && "on" in thing && "setTimeout" in thing;
}

function isStream(thing: unknown): thing is ServerHttp2Stream {
  return typeof thing === "object" && thing !== null && "close" in thing && "rstCode" in thing;
}
