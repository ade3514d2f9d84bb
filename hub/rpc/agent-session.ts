import type { Offer } from "#hub/assignments/offer.js";
import type { LiveSession } from "#hub/sites/presence.js";
import { deferred } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import type { ComityError } from "#kernel/errors.js";
import type { AssignmentId, RunId } from "#kernel/ids.js";
import type { FromHub } from "#proto/generated/comity/v1/FromHub.js";
import type { AgentPrincipal } from "#proto/rpc/principal.js";
import type { Sender } from "#proto/rpc/streams.js";
import { encodeOffer } from "./encode-offer.js";

/** The hub's end of one session. */
export class AgentSession implements LiveSession {
  readonly site: AgentPrincipal["site"];
  readonly certificateEndsMs: number;
  /** Rejects when the hub ends the session. */
  readonly closed: Promise<never>;
  /** When it was last heard, by the monotonic clock. */
  heardMs: number;
  /** Answers that are being taken in. */
  readonly answering = new Set<Promise<void>>();
  readonly #close: (error: ComityError) => void;
  readonly #send: Sender<FromHub>;
  readonly #clock: Clock;
  #beats = 0;

  constructor(agent: AgentPrincipal, send: Sender<FromHub>, clock: Clock) {
    const closing = deferred<never>();
    this.site = agent.site;
    this.certificateEndsMs = agent.notAfterMs;
    this.closed = closing.promise;
    this.closed.catch(() => undefined);
    this.#close = closing.reject;
    this.#send = send;
    this.#clock = clock;
    this.heardMs = clock.monotonicMs();
  }

  readonly send = (message: FromHub): void => {
    this.#send(message);
  };

  offer(offer: Offer): void {
    this.send({ body: "offer", offer: encodeOffer(offer, this.#clock.nowMs()) });
  }

  runEnded(runId: RunId): void {
    this.send({ body: "runEnded", runEnded: { runId } });
  }

  cancel(assignmentId: AssignmentId, reason: string): void {
    this.send({ body: "cancel", cancel: { assignmentId, reason: reason.slice(0, 500) } });
  }

  drain(reconnectAfterMs: number, reason: string): void {
    this.send({ body: "drain", drain: { reconnectAfterMs, reason } });
  }

  heartbeat(): void {
    this.#beats += 1;
    this.send({ body: "heartbeat", heartbeat: { seq: this.#beats } });
  }

  close(error: ComityError): void {
    this.#close(error);
  }
}
