import type { RunFeed } from "#hub/runs/feed.js";
import type { Store } from "#hub/store/store.js";
import type { Engine } from "#hub/workflow/engine/service.js";
import type { Expressions } from "#hub/workflow/expression/model.js";
import { Matcher } from "#hub/workflow/matching.js";
import type { Clock } from "#kernel/clock.js";
import type { Log } from "#kernel/log.js";
import { EventSchedules } from "./gather.js";
import { IncomingEvents } from "./incoming.js";
import { Schedules } from "./schedule.js";

interface Parts {
  readonly store: Store;
  readonly feed: RunFeed;
  readonly expressions: Expressions;
  readonly engine: Pick<Engine, "start" | "deliver" | "onPublished">;
  readonly clock: Clock;
  readonly log: Log;
}

/** What starts runs and wakes them from outside: events and schedules. Made before the engine takes up its runs. */
export class Events {
  readonly incoming: IncomingEvents;
  readonly schedules: Schedules;
  readonly #gather: EventSchedules;

  constructor(parts: Parts) {
    const { engine, expressions, clock } = parts;
    const gather = new EventSchedules({ ...parts, matcher: new Matcher(expressions, clock) });
    this.#gather = gather;
    this.incoming = new IncomingEvents({ ...parts, schedules: gather });
    this.schedules = new Schedules(parts);
    engine.onPublished((event) => gather.take(event));
  }

  /** Begins, after the engine has taken up its runs. */
  async open(): Promise<void> {
    await this.#gather.open();
    await this.schedules.open();
    await this.incoming.open();
  }

  /** Ends, before the engine does. */
  async stop(): Promise<void> {
    await this.schedules.stop();
    await this.incoming.stop();
    this.#gather.stop();
  }
}
