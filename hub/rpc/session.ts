import type { AnswerIntake } from "#hub/assignments/intake.js";
import type { Assignments } from "#hub/assignments/service.js";
import type { SiteStates } from "#hub/assignments/site-states.js";
import type { Presence } from "#hub/sites/presence.js";
import type { Sites } from "#hub/sites/service.js";
import type { IncomingEvents } from "#hub/workflow/events/incoming.js";
import type { Clock } from "#kernel/clock.js";
import { assertNever, ComityError } from "#kernel/errors.js";
import { parseAssignmentId, parseRunId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { printable } from "#kernel/words.js";
import { answersCapability, eventsCapability, protocolVersion } from "#proto/codec/work.js";
import type { FromAgent__Output } from "#proto/generated/comity/v1/FromAgent.js";
import type { FromHub } from "#proto/generated/comity/v1/FromHub.js";
import type { Hello__Output } from "#proto/generated/comity/v1/Hello.js";
import type { UploadHeader__Output } from "#proto/generated/comity/v1/UploadHeader.js";
import type { AgentPrincipal } from "#proto/rpc/principal.js";
import type { Sender } from "#proto/rpc/streams.js";
import type { Kind } from "#proto/work/kind.js";
import { AgentSession } from "./agent-session.js";
import { decodeCatalogue, decodeHeader } from "./decode.js";

interface Parts {
  readonly presence: Presence;
  readonly sites: Sites;
  readonly assignments: Assignments;
  readonly intake: AnswerIntake;
  readonly states: SiteStates;
  readonly events: Pick<IncomingEvents, "fromSite">;
  readonly clock: Clock;
  readonly log: Log;
  readonly hubVersion: string;
  /** The kinds of work that this hub knows. */
  readonly kinds: readonly Kind[];
  readonly heartbeatMs?: number;
}

const defaultHeartbeatMs = 15_000;
/** A session that has been silent for this many heartbeats is over. */
const missedHeartbeats = 3;

/** Answers of one session that are taken in at the same time. */
const maxAnswering = 16;

/** Serves the agents' sessions: decodes what they say, passes it on, and pushes what the hub has for them. */
export class SessionDesk {
  readonly #parts: Parts;
  readonly #heartbeatMs: number;
  readonly #sessions = new Set<AgentSession>();
  readonly #beat: NodeJS.Timeout;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#heartbeatMs = parts.heartbeatMs ?? defaultHeartbeatMs;
    // One timer for all sessions: it says that the hub is alive and finds the silent. Nothing is waited for by it.
    this.#beat = setInterval(() => this.#heartbeat(), this.#heartbeatMs).unref();
  }

  /** One session from Hello to its end. */
  async serve(
    agent: AgentPrincipal,
    messages: AsyncIterable<FromAgent__Output>,
    send: Sender<FromHub>,
  ): Promise<void> {
    const session = new AgentSession(agent, send, this.#parts.clock);
    const reading = this.#read(session, messages);
    this.#sessions.add(session);
    try {
      await Promise.race([reading, session.closed]);
    } finally {
      this.#sessions.delete(session);
      reading.catch(() => undefined);
      this.#parts.presence.disconnect(session);
    }
  }

  stop(): void {
    clearInterval(this.#beat);
  }

  async #read(session: AgentSession, messages: AsyncIterable<FromAgent__Output>): Promise<void> {
    let greeted = false;
    for await (const message of messages) {
      session.heardMs = this.#parts.clock.monotonicMs();
      if (greeted) await this.#take(session, message);
      else if (message.body === "hello" && message.hello != null) await this.#greet(session, message.hello);
      else throw new ComityError("MESSAGE_INVALID", "A session begins with Hello.");
      greeted = true;
    }
  }

  async #greet(session: AgentSession, hello: Hello__Output): Promise<void> {
    const { presence, sites, assignments, states, clock, log, hubVersion, kinds } = this.#parts;
    if (hello.protocolMin > protocolVersion || hello.protocolMax < protocolVersion) {
      const message = `The agent speaks protocol ${hello.protocolMin} to ${hello.protocolMax}, this hub speaks ${protocolVersion}.`;
      throw new ComityError("PROTOCOL_UNSUPPORTED", message, {
        hint:
          hello.protocolMin > protocolVersion ? "Upgrade the hub." : "Upgrade the agent; its work is kept.",
      });
    }
    await sites.hello(session.site, {
      agentVersion: printable(hello.agentVersion, 40),
      capabilities: hello.capabilities.slice(0, 50).map((capability) => printable(capability, 60)),
    });
    session.send({
      body: "welcome",
      welcome: {
        protocol: protocolVersion,
        hubVersion,
        capabilities: [...kinds.map(({ name }) => name), eventsCapability, answersCapability],
        heartbeatMs: this.#heartbeatMs,
        hubTimeMs: clock.nowMs(),
      },
    });
    log.info({ site: session.site, agentVersion: hello.agentVersion }, "a site has connected");
    presence.connect(session);
    const held = hello.held
      .slice(0, 10_000)
      .map(({ assignmentId, attempt }) => ({ assignmentId: parseAssignmentId(assignmentId), attempt }));
    await assignments.resume(session.site, held);
    await states.kept(session.site, hello.runs.slice(0, 10_000).map(parseRunId));
  }

  async #take(session: AgentSession, message: FromAgent__Output): Promise<void> {
    const { assignments, sites, presence } = this.#parts;
    const { site } = session;
    switch (message.body) {
      case "heartbeat":
        return;
      case "catalogue":
        if (message.catalogue != null) await sites.catalogue(site, decodeCatalogue(message.catalogue));
        presence.spoke(site);
        return;
      case "accept":
        if (message.accept != null)
          assignments.accepted(site, parseAssignmentId(message.accept.assignmentId), message.accept.attempt);
        return;
      case "refuse": {
        if (message.refuse == null) return;
        const { assignmentId, attempt, code, reason } = message.refuse;
        return assignments.refused(site, parseAssignmentId(assignmentId), attempt, code, reason);
      }
      case "failed": {
        if (message.failed == null) return;
        const { assignmentId, attempt, code, reason, retryable } = message.failed;
        return assignments.failed(site, parseAssignmentId(assignmentId), attempt, code, reason, retryable);
      }
      case "progress": {
        if (message.progress == null) return;
        const { assignmentId, attempt, fraction, text } = message.progress;
        return assignments.progress(site, parseAssignmentId(assignmentId), attempt, fraction, text);
      }
      case "event":
        if (message.event != null) await this.#event(session, message.event.eventJson);
        return;
      case "drain":
        presence.disconnect(session);
        return;
      case "answer":
        if (message.answer != null) await this.#begin(session, this.#answer(session, message.answer));
        return;
      case "hello":
        throw new ComityError("MESSAGE_INVALID", "A session has one Hello.");
      case undefined:
        // A message of a newer agent that this hub does not know: what matters is announced in capabilities first.
        return;
      default:
        assertNever(message.body);
    }
  }

  /** Its receipt leaves after the commit, also that of a refusal; what may pass ends the session, and the agent sends it again. */
  async #event(session: AgentSession, eventJson: string): Promise<void> {
    const { events, log } = this.#parts;
    const receipt = { eventId: givenId(eventJson), errorCode: "", errorText: "" };
    try {
      await events.fromSite(session.site, eventJson);
    } catch (thrown) {
      const { code, kind, message } = ComityError.from(thrown);
      if (kind.retryable === true || code === "INTERNAL") throw thrown;
      log.warn({ site: session.site, code }, `an event was refused: ${message}`);
      Object.assign(receipt, { errorCode: code, errorText: message });
    }
    session.send({ body: "eventReceipt", eventReceipt: receipt });
  }

  /** Answers of one site share a commit, too: the next message is not kept waiting for it, unless there are many. */
  async #begin(session: AgentSession, answer: Promise<void>): Promise<void> {
    const { answering } = session;
    const over = answer.finally(() => answering.delete(over));
    answering.add(over);
    if (answering.size >= maxAnswering) await Promise.race(answering);
  }

  /** An answer with few bytes or none; what may pass by itself is refused as such, and the agent sends it again. */
  async #answer({ site, send }: AgentSession, message: UploadHeader__Output): Promise<void> {
    const { opId, assignmentId, attempt } = message;
    try {
      const header = decodeHeader(message);
      if (header.offset > 0 || (header.update !== undefined && header.inline === undefined))
        throw new ComityError("MESSAGE_INVALID", "An answer over the session has all its bytes with it.", {
          hint: "Send a larger one by Upload.",
        });
      const receipt = await this.#parts.intake.receive(site, header, once(header.inline));
      send({ body: "receipt", receipt });
    } catch (thrown) {
      const { code, message: reason, hint = "", kind } = ComityError.from(thrown);
      const retryable = kind.retryable ?? code === "INTERNAL";
      send({
        body: "answerRefused",
        answerRefused: { opId, assignmentId, attempt, code, reason, hint, retryable },
      });
    }
  }

  #heartbeat(): void {
    const { clock } = this.#parts;
    const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
    for (const session of this.#sessions) {
      if (monotonicMs - session.heardMs > missedHeartbeats * this.#heartbeatMs) {
        session.close(
          new ComityError(
            "DEADLINE_EXCEEDED",
            `Nothing was heard from ${session.site} for ${missedHeartbeats} heartbeats.`,
          ),
        );
      } else if (session.certificateEndsMs <= nowMs) {
        session.close(
          new ComityError("CERTIFICATE_INVALID", "The certificate of this session has expired.", {
            hint: "Renew it and connect again.",
          }),
        );
      } else session.heartbeat();
    }
  }
}

/** The one piece, if there is one. */
async function* once(bytes: Buffer | undefined): AsyncGenerator<Uint8Array> {
  if (bytes !== undefined) yield await Promise.resolve(bytes);
}

/** The id that the agent knows the event by; empty when there is none to be read. */
function givenId(eventJson: string): string {
  try {
    const given: unknown = JSON.parse(eventJson);
    const id = typeof given === "object" && given !== null && "id" in given ? given.id : undefined;
    return typeof id === "string" ? id : "";
  } catch {
    return "";
  }
}
