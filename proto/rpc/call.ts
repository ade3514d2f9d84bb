import type { Metadata } from "@grpc/grpc-js";
import type { Principal } from "./principal.js";

/** What a handler knows of the call it answers. */
export interface CallInfo {
  /** For example `/comity.v1.Agent/Upload`. */
  readonly method: string;
  readonly principal: Principal;
  /** `ip:port`, as the listener's `cut` takes it. */
  readonly peer: string;
  readonly metadata: Metadata;
  /** When the caller stops waiting, in milliseconds since 1970; `Infinity` if it never said. */
  readonly deadlineMs: number;
  /** Fires when the call is over before its handler is: cancelled, cut, too late, or the hub stops. */
  readonly signal: AbortSignal;
}

export type CallKind = "unary" | "serverStream" | "clientStream" | "bidi";

/** A call that is being answered, as the guard and the wrapper of its handler share it. */
export class Call implements CallInfo {
  readonly method: string;
  readonly kind: CallKind;
  readonly principal: Principal;
  readonly peer: string;
  readonly metadata: Metadata;
  readonly deadlineMs: number;
  /** What the handler waits for: its peer's next message (`in`), room to send (`out`), or nothing that the peer does. */
  waiting: "in" | "out" | undefined;
  /** When a server stream began to wait for its own source, by `performance.now()`; a stopping hub ends such streams first. */
  sourceWaitSinceMs: number | undefined;
  /** Kept by {@link Stalls}: how often in a row the peer was too slow, and the bytes moved when last seen. */
  strikes = 0;
  bytesSeen = 0;
  /** Whether a wrapper of handlers.ts answers it; health and reflection are answered by their own packages. */
  handled = false;
  #controller: AbortController | undefined;
  #completed = false;
  #ended = false;
  readonly #end: (error: unknown) => void;

  constructor(
    fields: Pick<Call, "method" | "kind" | "principal" | "peer" | "metadata" | "deadlineMs">,
    end: (error: unknown) => void,
  ) {
    this.method = fields.method;
    this.kind = fields.kind;
    this.principal = fields.principal;
    this.peer = fields.peer;
    this.metadata = fields.metadata;
    this.deadlineMs = fields.deadlineMs;
    this.#end = end;
  }

  /** Made when it is first asked for: most unary calls never need one. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#ended) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Nothing more reaches the peer. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The handler has done its part; what it sent may still be on its way. */
  complete(): void {
    this.#completed = true;
  }

  /** The call is over, in whatever way. */
  finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#completed) this.#controller?.abort();
  }

  /** Ends the call from the hub's side with an error for the peer, whatever its handler is doing. */
  abort(error: unknown): void {
    if (!this.#ended) this.#end(error);
  }
}
