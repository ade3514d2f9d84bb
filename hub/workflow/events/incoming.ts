import {
  answerIncoming,
  type EventKey,
  findIncoming,
  forgetIncoming,
  keepIncoming,
  openIncoming,
} from "#hub/store/incoming.js";
import { once } from "#hub/store/operations.js";
import type { Store } from "#hub/store/store.js";
import type { Engine } from "#hub/workflow/engine/service.js";
import type { CloudEvent } from "#hub/workflow/interpreter/model.js";
import { KeyedSerial } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { newOpId, type OpId, type RunId, type SiteId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { completeEvent, type GivenEvent, parseEvent } from "#proto/codec/cloud-event.js";
import type { EventSchedules } from "./gather.js";
import { siteSource, sourceSite } from "./source.js";

/** How long an event is recognised that comes again: longer than anybody repeats what was not acknowledged. */
const rememberMs = 7 * 24 * 3_600_000;
/** Events between two looks for old ones. */
const forgetEvery = 1000;

/** What has become of an event. */
export interface EventAnswer {
  readonly eventId: string;
  /** How many runs that listened have taken it. */
  readonly runs: number;
  /** Runs that it has started. */
  readonly started: readonly RunId[];
}

interface Parts {
  readonly store: Store;
  /** Hands an event to the runs that listen. */
  readonly engine: Pick<Engine, "deliver">;
  /** Takes it for the schedules that wait for events. */
  readonly schedules: Pick<EventSchedules, "take">;
  readonly clock: Clock;
  readonly log: Log;
}

/** An event from outside, before it has all its attributes. */
interface Incoming {
  readonly given: GivenEvent;
  readonly defaults: { readonly id: string; readonly source: string };
  /** Who sends it, for example `operator:ada`. */
  readonly by: string;
  readonly opId?: OpId | undefined;
}

/**
 * Takes events from outside: from operators, sites and webhooks. An event is durable before anybody gets it, and everybody who waits for it
 * has it, durably, before it is acknowledged; a hub that is killed in between goes on with it when it starts again. The same event
 * again, by `source` and `id`, gives the first answer.
 */
export class IncomingEvents {
  readonly #parts: Parts;
  readonly #serial = new KeyedSerial<string>();
  readonly #busy = new Set<Promise<unknown>>();
  #taken = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes an event of an operator, in JSON. Throws `EVENT_INVALID`, `OP_ID_REUSED`. */
  async publish(request: { opId?: OpId; eventJson: string; by: string }): Promise<EventAnswer> {
    const { opId, eventJson, by } = request;
    const given = parseEvent(eventJson);
    refuseSiteSource(given);
    return this.#take({ given, by, opId, defaults: { id: opId ?? newOpId(), source: "/operators" } });
  }

  /** Takes an event of a site, in JSON; its source is the site's, whatever it says. Throws `EVENT_INVALID`. */
  async fromSite(site: SiteId, eventJson: string): Promise<EventAnswer> {
    const given = parseEvent(eventJson);
    const source = siteSource(site, given["source"]);
    return this.#take({
      given: { ...given, source },
      by: `site:${site}`,
      defaults: { id: newOpId(), source },
    });
  }

  /** Takes an event of a webhook whose signature was right; `deliveryId` is the sender's name for the call. Throws `EVENT_INVALID`, `OP_ID_REUSED`. */
  async fromWebhook(name: string, deliveryId: string, given: GivenEvent): Promise<EventAnswer> {
    refuseSiteSource(given);
    return this.#take({
      given,
      by: `webhook:${name}`,
      // Not an id that an operator could give.
      opId: `webhook/${name}/${deliveryId}` as OpId,
      defaults: { id: deliveryId, source: `/webhooks/${name}` },
    });
  }

  /** Goes on with what an earlier process has not handed on. */
  async open(): Promise<void> {
    await this.#forget();
    for (const key of await openIncoming(this.#parts.store.db)) {
      this.#track(this.#settle(key)).catch((error: unknown) =>
        this.#parts.log.error(
          { ...key, err: error },
          "an event could not be handed on; the next start tries again",
        ),
      );
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#busy);
  }

  async #take({ given, defaults, by, opId }: Incoming): Promise<EventAnswer> {
    const { store, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const event = completeEvent(given, { ...defaults, nowMs });
    const operation = { opId, actor: by, method: "PublishEvent", content: given };
    const key = await once(store, operation, nowMs, async (tx): Promise<EventKey> => {
      const { source, id } = event;
      await keepIncoming(tx.db, { source, id }, JSON.stringify(event), nowMs);
      return { source, id };
    });
    this.#taken += 1;
    if (this.#taken % forgetEvery === 0) await this.#forget();
    return this.#track(this.#settle(key));
  }

  /** Hands an event on, unless that is done. */
  #settle(key: EventKey): Promise<EventAnswer> {
    const { store, engine, schedules } = this.#parts;
    return this.#serial.run(JSON.stringify([key.source, key.id]), async () => {
      const row = await findIncoming(store.db, key);
      if (row === undefined) return { eventId: key.id, runs: 0, started: [] };
      if (row.answer !== null) return JSON.parse(row.answer) as EventAnswer;
      const event = JSON.parse(row.body) as CloudEvent;
      const [runs, started] = await Promise.all([engine.deliver(event), schedules.take(event)]);
      const answer: EventAnswer = { eventId: event.id, runs, started };
      await store.write((tx) => answerIncoming(tx.db, key, JSON.stringify(answer)));
      return answer;
    });
  }

  #forget(): Promise<void> {
    const { store, clock } = this.#parts;
    return store.write((tx) => forgetIncoming(tx.db, clock.nowMs() - rememberMs));
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#busy.add(work);
    const done = () => this.#busy.delete(work);
    work.then(done, done);
    return work;
  }
}

/** What a site says must come from the site. */
function refuseSiteSource(given: GivenEvent): void {
  const site = sourceSite(given["source"]);
  if (site === undefined) return;
  throw new ComityError(
    "EVENT_INVALID",
    `The source //${site} is that of a site, and only its agent may send it.`,
    {
      hint: "Take a source that does not begin with //organisation/site.",
    },
  );
}
