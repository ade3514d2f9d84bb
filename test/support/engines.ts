import assert from "node:assert/strict";
import { z } from "zod";
import { RunFeed } from "#hub/runs/feed.js";
import { isEnded, type Run } from "#hub/runs/model.js";
import type { HubDatabase } from "#hub/store/database.js";
import { Store } from "#hub/store/store.js";
import { type LimitRule, Limits } from "#hub/workflow/engine/limits.js";
import type { PayloadStore, Secrets } from "#hub/workflow/engine/model.js";
import { memoryPayloads } from "#hub/workflow/engine/payload-stores.js";
import { noSecrets } from "#hub/workflow/engine/secrets.js";
import { Engine } from "#hub/workflow/engine/service.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import {
  type EffectCaller,
  effectKey,
  FunctionFailure,
  type WorkflowFunction,
} from "#hub/workflow/function.js";
import type { CloudEvent, WorkflowError } from "#hub/workflow/interpreter/model.js";
import { SchemaChecker } from "#hub/workflow/schema/checker.js";
import { type Deferred, deferred } from "#kernel/async.js";
import { type Clock, systemClock } from "#kernel/clock.js";
import { newOpId, type RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import { silentLog } from "#kernel/log.js";

/** What the functions of tests have done, outside of any hub: it outlives every one of them. */
export class Outside {
  /** Who has called, as often as a call was made. */
  readonly callers: EffectCaller[] = [];
  /** What has been done under each key, once however often it was asked for. */
  readonly done = new Map<string, Json>();
  /** Calls that were undone, with the reasons. */
  readonly undone: string[] = [];
  /** Calls of `test.hold` and `test.keep` that are under way. */
  readonly held = new Map<string, Deferred<Json>>();
  readonly #failed = new Map<string, Set<string>>();
  #news = deferred();

  /** The functions of tests. */
  readonly functions: readonly WorkflowFunction[] = [
    this.#function("test.echo:1.0.0@default", "Gives back what it gets.", (argument) => argument),
    this.#function("test.flaky:1.0.0@default", "Fails the first times.", (argument, key) => {
      const { name, times } = z.object({ name: z.string(), times: z.number() }).parse(argument);
      const failed = this.#failed.get(name) ?? new Set();
      this.#failed.set(name, failed);
      if (failed.size >= times && !failed.has(key)) return { name, failures: failed.size };
      // The same call, made again after a crash, fails again.
      failed.add(key);
      throw new FunctionFailure({ ...unavailable, detail: `failure ${failed.size} of ${times}` });
    }),
    {
      ...this.#function("test.strict:1.0.0@default", "Takes a number.", (argument) => argument),
      argument: z.strictObject({ n: z.number() }),
    },
    this.#holding("test.hold:1.0.0@default"),
    { ...this.#holding("test.keep:1.0.0@default"), keepsCall: true },
  ];

  /** `run/effect` of each call that was made, as often as it was made. */
  get calls(): readonly string[] {
    return this.callers.map(({ runId, effect }) => effectKey(runId, effect));
  }

  /** Takes the call of `test.hold` or `test.keep` with this name, when it has been made. */
  async holding(name: string): Promise<Deferred<Json>> {
    for (let held = this.held.get(name); ; held = this.held.get(name)) {
      if (held !== undefined) {
        this.held.delete(name);
        return held;
      }
      await this.#next();
    }
  }

  /** Resolves when so many calls were undone. */
  async undoneCalls(count: number): Promise<void> {
    while (this.undone.length < count) await this.#next();
  }

  #holding(name: string): WorkflowFunction {
    return {
      ...this.#function(name, "Waits until the test lets it go.", (argument) => argument),
      perform: (argument, caller, signal) => {
        const { name } = z.object({ name: z.string() }).parse(argument);
        this.callers.push(caller);
        const held = deferred<Json>();
        signal.addEventListener("abort", () => held.reject(signal.reason), { once: true });
        held.promise.catch(() => undefined);
        this.held.set(name, held);
        this.#tell();
        return held.promise;
      },
      cancel: (caller, reason) => {
        this.undone.push(`${caller.effect}: ${reason}`);
        this.#tell();
        return Promise.resolve();
      },
    };
  }

  /** Something has happened out here. */
  #next(): Promise<void> {
    return this.#news.promise;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = deferred();
  }

  #function(name: string, purpose: string, act: (argument: Json, key: string) => Json): WorkflowFunction {
    return {
      name,
      purpose,
      argument: z.unknown(),
      perform: (argument, caller) => {
        const key = effectKey(caller.runId, caller.effect);
        this.callers.push(caller);
        const done = act(argument as Json, key);
        if (!this.done.has(key)) this.done.set(key, done);
        return Promise.resolve(done);
      },
    };
  }
}

const unavailable: WorkflowError = {
  type: "https://example.com/unavailable",
  status: 503,
  title: "Unavailable",
};

/** What all engines of a test share: the other world, and large values. */
export interface World {
  readonly outside: Outside;
  readonly payloads: PayloadStore;
  readonly expressions: JqExpressions;
  readonly schemas: SchemaChecker;
  readonly secrets: Secrets;
  readonly limits: readonly LimitRule[];
  readonly clock: Clock;
  readonly published: CloudEvent[];
}

export const newWorld = (changes: Partial<World> = {}): World => ({
  outside: new Outside(),
  payloads: memoryPayloads(),
  expressions: new JqExpressions(),
  schemas: new SchemaChecker(),
  secrets: noSecrets,
  limits: [],
  clock: systemClock,
  published: [],
  ...changes,
});

/** What an engine may share with what stands beside it in a hub. */
export interface BesideEngine {
  readonly feed?: RunFeed;
  readonly limits?: Limits;
  /** Functions besides those of tests. */
  readonly functions?: readonly WorkflowFunction[];
}

/** An engine over a store, as a hub has it. */
export class TestEngine {
  readonly engine: Engine;
  readonly feed: RunFeed;
  readonly store: Store;
  readonly #world: World;

  constructor(store: Store, world: World, beside: BesideEngine = {}) {
    this.store = store;
    this.#world = world;
    const { outside, published, limits: rules, ...parts } = world;
    const { feed = new RunFeed(store, world.clock), functions = [] } = beside;
    this.feed = feed;
    this.engine = new Engine({
      ...parts,
      limits: beside.limits ?? new Limits({ store, clock: world.clock, rules }),
      functions: [...outside.functions, ...functions],
      store,
      feed: this.feed,
      log: silentLog,
    });
    this.engine.onPublished((event) => {
      published.push(event);
      return Promise.resolve();
    });
  }

  static over(database: HubDatabase, world: World): TestEngine {
    return new TestEngine(new Store(database, silentLog), world);
  }

  get outside(): Outside {
    return this.#world.outside;
  }

  /** Starts a run of a text. */
  start(text: string, more: { input?: Json; key?: string } = {}): Promise<Run> {
    const { input = {}, ...rest } = more;
    return this.engine.start({ opId: newOpId(), workflow: { text }, input, startedBy: "ada", ...rest });
  }

  /** The run when it stands in a state for which `is` holds. */
  async until(runId: RunId, is: (run: Run) => boolean = ({ state }) => isEnded(state)): Promise<Run> {
    for (;;) {
      const { news, stop } = this.feed.changes.subscribe(runId);
      const run = await this.engine.get(runId);
      if (is(run)) {
        stop();
        return run;
      }
      await news[Symbol.asyncIterator]().next();
      stop();
    }
  }

  /** What a run that has completed has given. */
  async output(runId: RunId): Promise<Json> {
    const run = await this.until(runId);
    assert.equal(run.state, "completed", run.errorText ?? run.state);
    const row = await this.store.db
      .selectFrom("runs")
      .select("output")
      .where("run_id", "=", runId)
      .executeTakeFirstOrThrow();
    return row.output === null ? null : this.engine.unpack(row.output);
  }

  /** Replays every run. */
  async verifyAll(): Promise<void> {
    const rows = await this.store.db.selectFrom("snapshots").select("run_id").where("seq", ">", 0).execute();
    for (const { run_id: runId } of rows) await this.engine.verify(runId as RunId);
  }
}

/** A workflow text around some tasks (YAML, indented by two). */
export const workflowOf = (tasks: string, { name = "test", more = "" } = {}): string =>
  `document: { dsl: "1.0.3", namespace: default, name: ${name}, version: "1.0.0" }\n${more}do:\n${tasks}`;
