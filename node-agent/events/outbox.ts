import type { Log } from "#kernel/log.js";
import { eventsCapability } from "#proto/codec/work.js";
import type { FromAgent } from "#proto/generated/comity/v1/FromAgent.js";
import type { SiteEventReceipt__Output } from "#proto/generated/comity/v1/SiteEventReceipt.js";
import type { EventJournal, WaitingEvent } from "./journal.js";

/** Events on their way at once. */
const maxInFlight = 16;

interface Parts {
  readonly journal: EventJournal;
  /** Sends over the session; lost when there is none. */
  readonly send: (message: FromAgent) => void;
  readonly log: Log;
  /** The hub will never take the event. */
  readonly refused: (event: WaitingEvent, reason: string) => Promise<void>;
  /** An event has left the journal. */
  readonly settled: () => void;
}

/** Sends events to the hub, in the order of their coming, until it has acknowledged each; over a new session again what was on its way. */
export class EventOutbox {
  readonly #parts: Parts;
  readonly #inFlight = new Set<string>();
  #open = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A session has begun, with a hub that can do these things. */
  opened(capabilities: readonly string[]): void {
    this.#open = capabilities.includes(eventsCapability);
    this.#inFlight.clear();
    if (!this.#open && this.#parts.journal.oldest(1).length > 0)
      this.#parts.log.warn("the hub takes no events of sites; they wait until it is upgraded");
    this.send();
  }

  /** Sends what waits and is not on its way. */
  send(): void {
    if (!this.#open) return;
    const { journal, send } = this.#parts;
    for (const { id, body } of journal.oldest(maxInFlight)) {
      if (this.#inFlight.has(id)) continue;
      this.#inFlight.add(id);
      send({ event: { eventJson: body } });
    }
  }

  /** The hub has the event, durably, or says why it never will. */
  receipt({ eventId, errorCode, errorText }: SiteEventReceipt__Output): void {
    const { journal, log, refused, settled } = this.#parts;
    const event = journal.settle(eventId);
    this.#inFlight.delete(eventId);
    if (event !== undefined && errorCode !== "") {
      refused(event, `${errorCode}: ${errorText}`).catch((err: unknown) =>
        log.error({ err, eventId }, `the hub has refused an event: ${errorCode}: ${errorText}`),
      );
    }
    this.send();
    settled();
  }
}
