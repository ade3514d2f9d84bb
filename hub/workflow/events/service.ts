import type { Store } from "#hub/store/store.js";
import type { Engine, EngineParts } from "#hub/workflow/engine/service.js";
import type { Expressions } from "#hub/workflow/expression/model.js";
import type { RunFeed } from "#hub/runs/feed.js";
import type { Clock } from "#kernel/clock.js";
import type { Log } from "#kernel/log.js";
import { Events } from "./events.js";
import { EventSchedules } from "./gather.js";
import { Matcher } from "./match.js";
import { Schedules } from "./schedule.js";
import type { StartByTrigger } from "./start.js";

interface Parts {
  readonly store: Store;
  readonly feed: RunFeed;
  readonly expressions: Expressions;
  readonly clock: Clock;
  readonly log: Log;
  /** The engine that {@link Triggers.hooks} were given to. */
  readonly engine: () => Engine;
}

/** What starts runs and wakes them from outside: events and schedules. */
export class Triggers {
  readonly events: Events;
  readonly schedules: Schedules;
  /** How the engine tells of what its runs publish, and of workflows that are published. */
  readonly hooks: Required<Pick<EngineParts, "published" | "onNewest">>;
  readonly #gather: EventSchedules;

  constructor({ engine, ...parts }: Parts) {
    const start: StartByTrigger = (request) => engine().start(request);
    const matcher = new Matcher(parts.expressions, parts.clock);
    const gather = new EventSchedules({ ...parts, matcher, start });
    const deliver: Engine["deliver"] = (event) => engine().deliver(event);
    this.#gather = gather;
    this.events = new Events({ ...parts, deliver, take: (event) => gather.take(event) });
    this.schedules = new Schedules({ ...parts, start });
    this.hooks = { published: (event) => gather.take(event), onNewest: this.schedules.plan };
  }

  /** Begins, after the engine has taken up its runs. */
  async open(): Promise<void> {
    await this.#gather.open();
    await this.schedules.open();
    await this.events.open();
  }

  /** Ends, before the engine does. */
  async stop(): Promise<void> {
    await this.schedules.stop();
    await this.events.stop();
    this.#gather.stop();
  }
}
