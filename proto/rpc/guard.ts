import { constants } from "node:http2";
import type { PeerCertificate } from "node:tls";
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type status as Status,
} from "@grpc/grpc-js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";
import { Call, type CallKind } from "./call.js";
import type { Connections } from "./connections.js";
import { type CallStatus, toStatus } from "./errors.js";
import { http2StreamOf } from "./internals.js";
import { wire } from "./limits.js";
import type { Authorise, Principal } from "./principal.js";

/** How long a peer may take. */
export interface GuardLimits {
  /** For a whole unary call, for the request of a server stream, for the first message of the other two. */
  readonly requestMs: number;
  /** A refused call that its peer does not end is reset after this time, so that its slot is free again. */
  readonly resetMs: number;
}

/** Looks at every call before its handler does: size of the metadata, rate, who calls, and how long it takes. */
export class Guard {
  readonly #authorise: Authorise;
  readonly #connections: Connections;
  readonly #limits: GuardLimits;
  readonly #log: Log;
  readonly #byMetadata = new WeakMap<Metadata, Call>();
  /** The calls that are being answered now. */
  readonly active = new Set<Call>();
  /** From now on every new call is refused. */
  draining = false;

  constructor(fields: { authorise: Authorise; connections: Connections; limits: GuardLimits; log: Log }) {
    this.#authorise = fields.authorise;
    this.#connections = fields.connections;
    this.#limits = fields.limits;
    this.#log = fields.log;
  }

  /** The call that a handler was given: grpc-js hands one metadata object from the interceptor on to the handler. */
  callOf(metadata: Metadata): Call {
    const call = this.#byMetadata.get(metadata);
    if (call === undefined) throw new ComityError("INTERNAL", "A handler was called past the guard.");
    call.handled = true;
    return call;
  }

  readonly interceptor: ServerInterceptor = (method, base) => {
    const kind = kindOf(method);
    let call: Call | undefined;
    let timer: NodeJS.Timeout | undefined;
    let over = false;
    const end = (error: unknown) => {
      over = true;
      sendStatus(base, toStatus(error, this.#log, method.path));
      this.#resetLater(base);
    };
    const onTime = () =>
      end(
        new ComityError(
          "DEADLINE_EXCEEDED",
          "The request did not come in time, or its answer took too long.",
        ),
      );
    return new ServerInterceptingCall(base, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            timer = setTimeout(onTime, this.#limits.requestMs).unref();
            const given = base.getDeadline();
            const deadlineMs = given instanceof Date ? given.getTime() : given;
            const enter = (principal: Principal) => {
              if (over) return;
              // grpc-js ends such a call a turn of the event loop later, when a handler would have begun.
              if (deadlineMs <= Date.now()) {
                end(new ComityError("DEADLINE_EXCEEDED", "The call's deadline had passed when it came."));
                return;
              }
              call = new Call(
                {
                  method: method.path,
                  kind,
                  principal,
                  peer: base.getPeer(),
                  metadata,
                  deadlineMs,
                },
                end,
              );
              this.active.add(call);
              this.#byMetadata.set(metadata, call);
              pass(metadata);
            };
            try {
              const principal = this.#admit(method.path, metadata, base);
              if (principal instanceof Promise) principal.then(enter).catch(end);
              else enter(principal);
            } catch (error) {
              end(error);
            }
          },
          onReceiveMessage: (message: unknown, pass) => {
            if (kind === "clientStream" || kind === "bidi") clearTimeout(timer);
            pass(message);
          },
          onReceiveHalfClose: (pass) => {
            if (kind !== "unary") clearTimeout(timer);
            // A broken connection, too, ends the HTTP/2 stream, and grpc-js takes that for the end of the request. `onCancel`
            // follows, and lets the handler's reading fail.
            if (http2StreamOf(base)?.aborted !== true) pass();
          },
          // grpc-js calls this at the end of every call, also of a good one.
          onCancel: () => {
            over = true;
            clearTimeout(timer);
            if (call === undefined) return;
            this.active.delete(call);
            call.finish();
          },
        }),
    });
  };

  #admit(
    method: string,
    metadata: Metadata,
    base: ServerInterceptingCallInterface,
  ): Principal | Promise<Principal> {
    const peer = base.getPeer();
    const connection = this.#connections.get(peer);
    if (connection?.countCall() === false) {
      throw new ComityError("RATE_LIMITED", "Too many calls on this connection.", {
        hint: "Wait a second, then go on more slowly.",
      });
    }
    if (metadataBytes(metadata) > wire.maxMetadataBytes) {
      throw new ComityError(
        "MESSAGE_TOO_LARGE",
        `The call's metadata is larger than ${wire.maxMetadataBytes} bytes.`,
      );
    }
    if (this.draining) throw drainingError();
    const read = (): PeerCertificate | undefined => base.getAuthContext().sslPeerCertificate;
    return this.#authorise(method, {
      peer,
      metadata,
      certificate: () => (connection === undefined ? read() : connection.certificate(read)),
    });
  }

  /** A status ends only the hub's half of a stream; a peer that ignores it would keep the slot for ever. */
  #resetLater(base: ServerInterceptingCallInterface): void {
    const stream = http2StreamOf(base);
    if (stream === undefined) {
      this.#log.warn("grpc-js has changed inside: a refused call keeps its slot until its peer ends it");
      return;
    }
    setTimeout(() => {
      if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
    }, this.#limits.resetMs).unref();
  }
}

/** Our codes are the numbers of grpc-js' enumeration, which the kernel does not know. */
function sendStatus(base: ServerInterceptingCallInterface, { code, details, metadata }: CallStatus): void {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the same numbers by definition of the wire
  const known: Status = code;
  base.sendStatus({ code: known, details, metadata });
}

/** What a call gets while the hub is stopping. */
export function drainingError(): ComityError {
  return new ComityError("HUB_DRAINING", "The hub is stopping.", { hint: "Connect again in a moment." });
}

function kindOf(method: { readonly requestStream: boolean; readonly responseStream: boolean }): CallKind {
  if (method.requestStream) return method.responseStream ? "bidi" : "clientStream";
  return method.responseStream ? "serverStream" : "unary";
}

function metadataBytes(metadata: Metadata): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata.toHttp2Headers())) {
    if (value !== undefined)
      bytes += name.length + (Array.isArray(value) ? value.join(",") : String(value)).length;
  }
  return bytes;
}
