import { deferred, sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";
import { comityVersion } from "#kernel/version.js";
import { protocolVersion } from "#proto/codec/work.js";
import type { Catalogue } from "#proto/generated/comity/v1/Catalogue.js";
import type { FromAgent } from "#proto/generated/comity/v1/FromAgent.js";
import type { FromHub__Output } from "#proto/generated/comity/v1/FromHub.js";
import type { Held } from "#proto/generated/comity/v1/Held.js";
import type { Offer__Output } from "#proto/generated/comity/v1/Offer.js";
import type { Receipt__Output } from "#proto/generated/comity/v1/Receipt.js";
import type { SiteEventReceipt__Output } from "#proto/generated/comity/v1/SiteEventReceipt.js";
import type { UploadHeader } from "#proto/generated/comity/v1/UploadHeader.js";
import type { Welcome__Output } from "#proto/generated/comity/v1/Welcome.js";
import type { BidiCall } from "#proto/rpc/calls.js";
import type { RpcChannel } from "#proto/rpc/channel.js";
import { AgentService } from "#proto/rpc/definitions.js";
import { PendingAnswers } from "./answers.js";

/** How long a hub may take to answer Hello. */
const welcomeMs = 20_000;
/** A hub that has been silent for so many heartbeats is taken for gone. */
const missedHeartbeats = 3;
const heartbeatBounds = { defaultMs: 20_000, minMs: 50, maxMs: 600_000 } as const;
/** Clocks that differ by more are told of: certificates and tokens have dates. */
const clockSkewMs = 60_000;

/** What the agent says of itself when a session begins, asked anew for each session. */
export interface Introduction {
  readonly capabilities: readonly string[];
  held(): Held[];
  /** Runs that the site keeps something for. */
  runs(): readonly string[];
  catalogue(): Promise<Catalogue>;
}

/** What the hub asks for over a session. */
export interface SessionEvents {
  offer(offer: Offer__Output): void;
  cancel(assignmentId: string, reason: string): void;
  /** A run is over for good: what was kept for it may go. */
  runEnded(runId: string): void;
  /** What has become of an event of the site. */
  eventReceipt(receipt: SiteEventReceipt__Output): void;
}

/** How a session ended. Without an error the hub has ended it in good order. */
export interface SessionEnd {
  readonly error: ComityError | undefined;
  /** How long the hub asked the agent to stay away, in milliseconds; undefined when it did not drain. */
  readonly drainMs: number | undefined;
}

/** One Session stream, from Hello to its end. */
export class Session {
  readonly welcome: Welcome__Output;
  /** Settles when the stream is over; never rejects. */
  readonly ended: Promise<SessionEnd>;
  /** Settles when the hub has said that it is stopping, or the stream is over. */
  readonly draining: Promise<void>;
  readonly #call: BidiCall<FromAgent, FromHub__Output>;
  readonly #messages: AsyncIterator<FromHub__Output>;
  readonly #events: SessionEvents;
  readonly #log: Log;
  readonly #answers = new PendingAnswers();
  readonly #drained = deferred();
  readonly #heartbeatMs: number;
  #heardMs = performance.now();
  #sequence = 0;
  #drainMs: number | undefined;
  #fault: ComityError | undefined;

  /**
   * Connects, says Hello and waits for Welcome; then the catalogue goes out. Throws what stood in the way:
   * `HUB_UNREACHABLE`, `PROTOCOL_UNSUPPORTED`, `SITE_REVOKED`, …
   */
  static async open(
    channel: RpcChannel,
    introduction: Introduction,
    events: SessionEvents,
    log: Log,
  ): Promise<Session> {
    // What takes time comes first: the held assignments must be those of the moment when Hello leaves.
    const catalogue = await introduction.catalogue();
    await channel.ready();
    const call = channel.bidi(AgentService.definition.Session);
    const messages = call.messages[Symbol.asyncIterator]();
    try {
      call.send({
        hello: {
          protocolMin: protocolVersion,
          protocolMax: protocolVersion,
          agentVersion: comityVersion,
          capabilities: [...introduction.capabilities],
          held: introduction.held(),
          runs: [...introduction.runs()],
          agentTimeMs: Date.now(),
        },
      });
      const welcome = await readWelcome(messages, channel.target);
      call.send({ catalogue });
      return new Session(call, messages, welcome, events, log);
    } catch (error) {
      call.cancel();
      throw error;
    }
  }

  private constructor(
    call: BidiCall<FromAgent, FromHub__Output>,
    messages: AsyncIterator<FromHub__Output>,
    welcome: Welcome__Output,
    events: SessionEvents,
    log: Log,
  ) {
    this.#call = call;
    this.#messages = messages;
    this.#events = events;
    this.#log = log;
    this.welcome = welcome;
    const { defaultMs, minMs, maxMs } = heartbeatBounds;
    this.#heartbeatMs = Math.min(
      Math.max(welcome.heartbeatMs === 0 ? defaultMs : welcome.heartbeatMs, minMs),
      maxMs,
    );
    const skewMs = Date.now() - welcome.hubTimeMs;
    if (Math.abs(skewMs) > clockSkewMs) {
      log.warn(
        { skewMs },
        "this machine's clock and the hub's differ; certificates and tokens may be refused",
      );
    }
    this.draining = this.#drained.promise;
    this.ended = this.#read();
    void this.ended.then(({ error }) => {
      this.#answers.end(error ?? new ComityError("HUB_UNREACHABLE", "The session has ended."));
    });
  }

  send(message: FromAgent): void {
    this.#call.send(message);
  }

  /** Sends a small answer, to a hub that takes them; see {@link PendingAnswers.send}. */
  async answer(header: UploadHeader, signal: AbortSignal): Promise<Receipt__Output> {
    return await this.#answers.send(header.opId ?? "", signal, () => this.send({ answer: header }));
  }

  /** No more messages from here; the hub then ends the stream. */
  end(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  async #read(): Promise<SessionEnd> {
    const timer = setInterval(() => this.#beat(), this.#heartbeatMs);
    try {
      for (;;) {
        const step = await this.#messages.next();
        if (step.done === true) return { error: this.#fault, drainMs: this.#drainMs };
        this.#heardMs = performance.now();
        this.#take(step.value);
      }
    } catch (thrown) {
      return { error: this.#fault ?? ComityError.from(thrown), drainMs: this.#drainMs };
    } finally {
      clearInterval(timer);
      this.#drained.resolve();
    }
  }

  #beat(): void {
    const silentMs = performance.now() - this.#heardMs;
    if (silentMs > missedHeartbeats * this.#heartbeatMs) {
      this.#fault = new ComityError(
        "HUB_UNREACHABLE",
        `The hub has been silent for ${Math.round(silentMs / 1000)} s.`,
      );
      this.#call.cancel();
      return;
    }
    this.#call.send({ heartbeat: { seq: ++this.#sequence } });
  }

  /** One message; a fault while it is handled costs that message and not the session. */
  #take(message: FromHub__Output): void {
    try {
      if (message.offer) this.#events.offer(message.offer);
      else if (message.cancel) this.#events.cancel(message.cancel.assignmentId, message.cancel.reason);
      else if (message.receipt) this.#answers.receipt(message.receipt);
      else if (message.answerRefused) this.#answers.refused(message.answerRefused);
      else if (message.runEnded) this.#events.runEnded(message.runEnded.runId);
      else if (message.eventReceipt) this.#events.eventReceipt(message.eventReceipt);
      else if (message.drain) {
        this.#drainMs = message.drain.reconnectAfterMs;
        this.#log.info({ reconnectAfterMs: this.#drainMs }, `the hub is stopping: ${message.drain.reason}`);
        this.#drained.resolve();
      }
    } catch (err) {
      this.#log.error({ err, message: message.body }, "a message of the hub could not be handled");
    }
  }
}

async function readWelcome(
  messages: AsyncIterator<FromHub__Output>,
  target: string,
): Promise<Welcome__Output> {
  const timer = new AbortController();
  const late = sleep(welcomeMs, timer.signal).then(() => undefined);
  const first = await Promise.race([messages.next(), late]).finally(() => timer.abort());
  if (first === undefined)
    throw new ComityError("HUB_UNREACHABLE", `The hub at ${target} does not answer Hello.`);
  const welcome = first.done === true ? undefined : first.value.welcome;
  if (!welcome) {
    throw new ComityError(
      "MESSAGE_INVALID",
      `The hub at ${target} answered Hello with something else than Welcome.`,
      {
        hint: "Check that the address is that of the hub's agent port.",
      },
    );
  }
  if (welcome.protocol !== protocolVersion) {
    const older = welcome.protocol > protocolVersion ? "this agent" : "the hub";
    throw new ComityError(
      "PROTOCOL_UNSUPPORTED",
      `The hub (${welcome.hubVersion}) speaks version ${welcome.protocol} of the protocol, this agent version ${protocolVersion}.`,
      {
        hint: `Upgrade ${older}: install the newer comity and start it again. Nothing is lost: what is owed stays in the outbox.`,
      },
    );
  }
  return welcome;
}
