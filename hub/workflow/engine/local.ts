import { join } from "node:path";
import { FileBlobStore } from "#hub/blobs/store.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { Store } from "#hub/store/store.js";
import type { Expressions } from "#hub/workflow/expression/model.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { SchemaChecker } from "#hub/workflow/schema/checker.js";
import type { WorkflowFunction } from "#hub/workflow/function.js";
import type { CloudEvent } from "#hub/workflow/interpreter/model.js";
import { RunFeed } from "#hub/runs/feed.js";
import { type Clock, systemClock } from "#kernel/clock.js";
import { type Log, silentLog } from "#kernel/log.js";
import type { Secrets } from "./model.js";
import { filePayloads, memoryPayloads } from "./payload-stores.js";
import { noSecrets } from "./secrets.js";
import { Engine } from "./service.js";
import { Triggers } from "#hub/workflow/events/service.js";

/** How a local engine differs from the plain one. */
interface LocalSettings {
  readonly functions: readonly WorkflowFunction[];
  /** A folder that keeps the runs; without one they are gone with the process. */
  readonly dir?: string;
  readonly secrets?: Secrets;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly published?: (event: CloudEvent) => Promise<void>;
  /** Shared with others, and theirs to close; without them the engine has its own. */
  readonly expressions?: Expressions;
  /** Whether published workflows run as their schedules say, and when events start them. */
  readonly scheduled?: boolean;
}

/** An engine without a hub around it. */
export interface LocalEngine extends AsyncDisposable {
  readonly engine: Engine;
  readonly store: Store;
  readonly feed: RunFeed;
  /** Its events start and wake runs. */
  readonly triggers: Triggers;
  /** Stops; with a folder, the next one goes on from there. */
  close(): Promise<void>;
}

/** Opens the same engine that a hub has, in this process alone, and takes up what it left. */
export async function openLocalEngine(settings: LocalSettings): Promise<LocalEngine> {
  const { dir, clock = systemClock, log = silentLog } = settings;
  const store = new Store(await openSqlite(dir === undefined ? ":memory:" : join(dir, "engine.db")), log);
  const expressions = settings.expressions ?? new JqExpressions();
  const schemas = new SchemaChecker();
  const feed = new RunFeed(store, clock);
  const payloads =
    dir === undefined ? memoryPayloads() : filePayloads(await new FileBlobStore(join(dir, "blobs")).open());
  const triggers = new Triggers({ store, feed, expressions, clock, log, engine: () => engine });
  const { published, scheduled = false, ...given } = settings;
  const engine: Engine = new Engine({
    secrets: noSecrets,
    ...given,
    ...(scheduled && { onNewest: triggers.hooks.onNewest }),
    published: async (event) => {
      await Promise.all([scheduled && triggers.hooks.published(event), published?.(event)]);
    },
    store,
    feed,
    expressions,
    schemas,
    payloads,
    clock,
    log,
  });
  const close = async () => {
    if (scheduled) await triggers.stop();
    await engine.stop();
    if (expressions !== settings.expressions) await expressions.close();
    await schemas.close();
    await store.close();
  };
  try {
    await engine.resume();
    if (scheduled) await triggers.open();
  } catch (error) {
    await close();
    throw error;
  }
  return { engine, store, feed, triggers, close, [Symbol.asyncDispose]: close };
}
