import { join } from "node:path";
import { FileBlobStore } from "#hub/blobs/store.js";
import { RunFeed } from "#hub/runs/feed.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { Store } from "#hub/store/store.js";
import { type Clock, systemClock } from "#kernel/clock.js";
import { type Log, silentLog } from "#kernel/log.js";
import { Limits } from "./engine/limits.js";
import type { Secrets } from "./engine/model.js";
import { filePayloads, memoryPayloads } from "./engine/payload-stores.js";
import { noSecrets } from "./engine/secrets.js";
import { Engine } from "./engine/service.js";
import { Events } from "./events/service.js";
import type { Expressions } from "./expression/model.js";
import { JqExpressions } from "./expression/service.js";
import type { WorkflowFunction } from "./function.js";
import type { CloudEvent } from "./interpreter/model.js";
import { SchemaChecker } from "./schema/checker.js";

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
  /** Events and schedules that start runs and wake them; undefined where none shall. */
  readonly events: Events | undefined;
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
  const { functions, secrets = noSecrets, published, scheduled = false } = settings;
  const limits = new Limits({ store, clock, rules: [] });
  const parts = { store, feed, expressions, clock, log };
  const engine = new Engine({ ...parts, functions, secrets, limits, schemas, payloads });
  const events = scheduled ? new Events({ ...parts, engine }) : undefined;
  if (published !== undefined) engine.onPublished(published);
  const close = async () => {
    await events?.stop();
    await engine.stop();
    if (expressions !== settings.expressions) await expressions.close();
    await schemas.close();
    await store.close();
  };
  try {
    await engine.resume();
    await events?.open();
  } catch (error) {
    await close();
    throw error;
  }
  return { engine, store, feed, events, close, [Symbol.asyncDispose]: close };
}
