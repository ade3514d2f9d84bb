import { RunFeed } from "#hub/runs/feed.js";
import { isEnded } from "#hub/runs/model.js";
import type { Store } from "#hub/store/store.js";
import { Limits } from "#hub/workflow/engine/limits.js";
import { Engine } from "#hub/workflow/engine/service.js";
import { Events } from "#hub/workflow/events/service.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import { silentLog } from "#kernel/log.js";
import type { World } from "./engines.js";

/** An engine with events and schedules over a store, as a hub has them. */
export class EventfulEngine {
  readonly store: Store;
  readonly engine: Engine;
  readonly events: Events;
  readonly #feed: RunFeed;

  constructor(store: Store, world: World) {
    this.store = store;
    this.#feed = new RunFeed(store, world.clock);
    const common = { ...world, store, feed: this.#feed, log: silentLog };
    const limits = new Limits({ store, clock: world.clock, rules: world.limits });
    this.engine = new Engine({ ...common, limits, functions: world.outside.functions });
    this.events = new Events({ ...common, engine: this.engine });
  }

  async open(): Promise<this> {
    await this.engine.resume();
    await this.events.open();
    return this;
  }

  async close(): Promise<void> {
    await this.events.stop();
    await this.engine.stop();
    await this.store.close();
  }

  /** Publishes a workflow of one task `set` with a schedule. */
  async schedule(schedule: string, { name = "test", version = "1.0.0", set = "${ . }" } = {}): Promise<void> {
    const head = `document: { dsl: "1.0.3", namespace: default, name: ${name}, version: "${version}" }`;
    const text = `${head}\n${schedule === "" ? "" : `schedule: ${schedule}\n`}do:\n  - keep: { set: '${set}' }\n`;
    await this.engine.library.publish({ text, publishedBy: "ada" });
  }

  /** Sends an event as an operator does. */
  send(event: { readonly [attribute: string]: Json }) {
    return this.events.incoming.publish({ eventJson: JSON.stringify(event), by: "ada" });
  }

  /** The input of each run that an event or a schedule has started, in the order of their start. */
  async started(): Promise<{ readonly key: string; readonly input: Json; readonly id: RunId }[]> {
    const rows = await this.store.db
      .selectFrom("runs")
      .select(["run_id", "start_key"])
      .where("start_key", "is not", null)
      .orderBy("run_id")
      .execute();
    return Promise.all(
      rows.map(async ({ run_id: id, start_key: key }) => {
        await this.ended(id as RunId);
        const { output } = await this.store.db
          .selectFrom("runs")
          .select("output")
          .where("run_id", "=", id)
          .executeTakeFirstOrThrow();
        return {
          id: id as RunId,
          key: key ?? "",
          input: output === null ? null : await this.engine.unpack(output),
        };
      }),
    );
  }

  /** Resolves when a run is over. */
  async ended(runId: RunId): Promise<void> {
    for (;;) {
      const news = this.#feed.changes.next(runId);
      if (isEnded((await this.engine.get(runId)).state)) return;
      await news;
    }
  }
}
