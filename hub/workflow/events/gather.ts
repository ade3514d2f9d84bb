import {
  allSchedules,
  keepScheduleEvent,
  runOfEvent,
  type ScheduleEventRow,
  type ScheduleKey,
  type ScheduleRow,
  takeScheduleEvents,
  trimScheduleEvents,
  waitingEvents,
} from "#hub/store/schedules.js";
import type { Store } from "#hub/store/store.js";
import type { EventStrategy, Schedule } from "#hub/workflow/definition/parts.js";
import { bare, isExpression } from "#hub/workflow/expression/template.js";
import type { CloudEvent, EventFilter } from "#hub/workflow/interpreter/model.js";
import { allRules } from "#hub/workflow/interpreter/strategy.js";
import type { Matcher } from "#hub/workflow/matching.js";
import { scheduleTopic } from "#hub/workflow/planning.js";
import { KeyedSerial } from "#kernel/async.js";
import { hashBytes } from "#kernel/files.js";
import type { RunId } from "#kernel/ids.js";
import { canonicalJson, type Json } from "#kernel/json.js";
import type { Log } from "#kernel/log.js";
import { choose, type Waiting } from "./choose.js";
import { type Starts, startOrGiveUp } from "./start.js";

/** Events that a schedule remembers: those that wait, and those whose repetition it would recognise. */
const keepEvents = 1000;

interface Parts {
  readonly store: Store;
  readonly matcher: Matcher;
  readonly engine: Starts;
  readonly log: Log;
}

/** A schedule with `on`, ready to be asked. */
interface Watch extends ScheduleKey {
  readonly sha256: string;
  readonly on: EventStrategy;
  readonly filters: readonly EventFilter[];
}

interface WaitingEvent extends Waiting {
  readonly row: ScheduleEventRow;
}

/** Starts runs of published workflows when the events have come that their schedules wait for. */
export class EventSchedules {
  readonly #parts: Parts;
  readonly #serial = new KeyedSerial<string>();
  /** Undefined until they are asked for, and when they could not be read. */
  #watches: Promise<readonly Watch[]> | undefined;
  readonly #deaf: () => void;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#deaf = parts.store.notifier.listen(scheduleTopic, () => {
      this.#watches = undefined;
    });
  }

  /** Reads the schedules; so does the next event after one has changed. */
  async open(): Promise<void> {
    await this.#present();
  }

  stop(): void {
    this.#deaf();
  }

  /** Takes an event, each schedule once, however often it comes. Returns the runs that have it. */
  async take(event: CloudEvent): Promise<readonly RunId[]> {
    const started = await Promise.all(
      (await this.#present()).map((watch) =>
        this.#serial.run(`${watch.namespace}/${watch.name}`, () => this.#takeFor(watch, event)),
      ),
    );
    return started.flat();
  }

  #present(): Promise<readonly Watch[]> {
    const present = (this.#watches ??= this.#read());
    present.catch(() => {
      if (this.#watches === present) this.#watches = undefined;
    });
    return present;
  }

  async #read(): Promise<readonly Watch[]> {
    const rows = await allSchedules(this.#parts.store.db);
    return Promise.all(rows.flatMap((row) => this.#watch(row) ?? []));
  }

  #watch({ namespace, name, workflow_sha256: sha256, schedule }: ScheduleRow): Promise<Watch> | undefined {
    const { on } = JSON.parse(schedule) as Schedule;
    if (on === undefined) return undefined;
    const filters = Promise.all(allRules(on).map((rule) => this.#filterOf(rule)));
    return filters.then((all) => ({ namespace, name, sha256, on, filters: all }));
  }

  /** A filter with its `expect`s evaluated; there is no run yet that they could look at. */
  async #filterOf(rule: ReturnType<typeof allRules>[number]): Promise<EventFilter> {
    const correlate: Record<string, { from: string; expect?: Json }> = {};
    for (const [name, { from, expect }] of Object.entries(rule.correlate ?? {})) {
      if (expect === undefined) correlate[name] = { from };
      else if (!isExpression(expect)) correlate[name] = { from, expect };
      else
        correlate[name] = { from, expect: (await this.#parts.matcher.ask({}, [bare(expect)]))?.[0] ?? null };
    }
    return { with: rule.with as EventFilter["with"], correlate };
  }

  async #takeFor(watch: Watch, event: CloudEvent): Promise<RunId[]> {
    const { store, matcher, log } = this.#parts;
    const { namespace, name, on } = watch;
    const known = await runOfEvent(store.db, watch, event);
    if (typeof known === "string") return known === "" ? [] : [known as RunId];
    const places = await matcher.fitting(event, watch.filters);
    const groupKey = places.length === 0 ? undefined : await this.#group(watch, event, places);
    if (groupKey === undefined) return [];
    if (known === undefined) {
      const lost = await store.write(async (tx) => {
        await keepScheduleEvent(tx.db, {
          namespace,
          name,
          source: event.source,
          event_id: event.id,
          group_key: groupKey,
          places: JSON.stringify(places),
          body: JSON.stringify(event),
        });
        return trimScheduleEvents(tx.db, watch, keepEvents);
      });
      if (lost > 0)
        log.warn({ workflow: `${namespace}/${name}`, lost }, "events that waited too long are gone");
    }
    const waiting = (await waitingEvents(store.db, watch, groupKey)).map(
      (row): WaitingEvent => ({ row, position: row.position, places: JSON.parse(row.places) as number[] }),
    );
    const choice = choose(on, waiting, await this.#isEnough(on, waiting));
    if (choice === undefined) return [];
    const runId = choice.input.length === 0 ? undefined : await this.#start(watch, choice.input);
    const positions = choice.used.map(({ position }) => position);
    await store.write((tx) => takeScheduleEvents(tx.db, watch, positions, runId ?? ""));
    return runId === undefined ? [] : [runId];
  }

  /** The occasion is made of the events: a hub that is killed before they are marked as taken starts the same run again, and so once. */
  #start({ namespace, name, sha256 }: Watch, events: readonly WaitingEvent[]): Promise<RunId | undefined> {
    const { engine, log } = this.#parts;
    const names = events.map(({ row }) => [row.source, row.event_id]);
    return startOrGiveUp(engine, log, {
      workflow: { sha256 },
      occasion: `event:${namespace}/${name}@${hashBytes(JSON.stringify(names))}`,
      input: events.map(({ row }) => JSON.parse(row.body) as Json),
      startedBy: "event",
    });
  }

  /** What the event's correlations give, for those that expect nothing in particular: events of one run agree in it. */
  async #group(
    { filters }: Watch,
    event: CloudEvent,
    places: readonly number[],
  ): Promise<string | undefined> {
    const from = new Map<string, string>();
    for (const place of places) {
      for (const [name, rule] of Object.entries(filters[place]?.correlate ?? {}))
        if (rule.expect === undefined && !from.has(name)) from.set(name, bare(rule.from));
    }
    const values = await this.#parts.matcher.ask(event as Json, [...from.values()]);
    if (values === undefined) return undefined;
    return canonicalJson(Object.fromEntries([...from.keys()].map((name, at) => [name, values[at] ?? null])));
  }

  async #isEnough(on: EventStrategy, waiting: readonly WaitingEvent[]): Promise<boolean> {
    if (!("any" in on) || typeof on.until !== "string") return false;
    const events = waiting.map(({ row }) => JSON.parse(row.body) as Json);
    return (await this.#parts.matcher.ask(events, [bare(on.until)]))?.[0] === true;
  }
}
