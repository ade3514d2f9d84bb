import { join } from "node:path";
import { z } from "zod";
import { FileBlobStore } from "#hub/blobs/store.js";
import { RunFeed } from "#hub/runs/feed.js";
import { isEnded } from "#hub/runs/model.js";
import type { HubDatabase } from "#hub/store/database.js";
import { Store } from "#hub/store/store.js";
import { Limits } from "#hub/workflow/engine/limits.js";
import { filePayloads } from "#hub/workflow/engine/payload-stores.js";
import { noSecrets } from "#hub/workflow/engine/secrets.js";
import { Engine } from "#hub/workflow/engine/service.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import type { WorkflowFunction } from "#hub/workflow/function.js";
import { SchemaChecker } from "#hub/workflow/schema/checker.js";
import { sleep } from "#kernel/async.js";
import { systemClock } from "#kernel/clock.js";
import { hashBytes } from "#kernel/files.js";
import { newOpId, type RunId, type Sha256 } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import { silentLog } from "#kernel/log.js";

/** A function of this process that gives back its argument. */
export const echo = "bench.echo:1.0.0@default";

/** Where a measurement has its files and its databases. */
export interface Place {
  readonly dir: string;
  readonly openDatabase: (name: string) => Promise<HubDatabase>;
}

/** Some runs of one workflow, from the first start to the last end. */
export interface Load {
  readonly transitions: number;
  readonly seconds: number;
  /** Of this process, with all its threads. */
  readonly cpuSeconds: number;
  readonly perSecond: number;
}

/**
 * The engine as a hub has it, over one database and without a hub around it: journal, snapshot, rows of tasks and calls, events for who
 * watches. Only what is called is trivial.
 */
export class EngineLoad implements AsyncDisposable {
  readonly engine: Engine;
  readonly #store: Store;
  readonly #feed: RunFeed;
  readonly #expressions = new JqExpressions();
  readonly #schemas = new SchemaChecker();

  private constructor(store: Store, blobs: FileBlobStore, called: () => void) {
    this.#store = store;
    this.#feed = new RunFeed(store, systemClock);
    this.engine = new Engine({
      store,
      feed: this.#feed,
      functions: [echoFunction(called)],
      expressions: this.#expressions,
      schemas: this.#schemas,
      secrets: noSecrets,
      payloads: filePayloads(blobs),
      limits: new Limits({ store, clock: systemClock, rules: [] }),
      clock: systemClock,
      log: silentLog,
    });
  }

  /** `name` is that of the database; `called` is told of each call of {@link echo}. */
  static async open({ dir, openDatabase }: Place, name: string, called: () => void = () => undefined) {
    const blobs = await new FileBlobStore(join(dir, `${name}-blobs`)).open();
    const load = new EngineLoad(new Store(await openDatabase(name)), blobs, called);
    await load.engine.resume();
    return load;
  }

  /** Has so many runs of a text in flight at once, until all have completed. Replays one of them: what was fast must be right too. */
  async run(text: string, runs: number): Promise<Load> {
    const { sha256 } = await this.engine.library.publish({ text, publishedBy: "bench" });
    const startedMs = performance.now();
    const startedCpu = process.cpuUsage();
    const ids = await Promise.all(Array.from({ length: runs }, () => this.#start(sha256)));
    await Promise.all(ids.map((id) => this.#completed(id)));
    const seconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(startedCpu);
    const transitions = await this.#transitions(ids);
    for (const id of ids.slice(0, 1)) await this.engine.verify(id);
    return { transitions, seconds, cpuSeconds: (user + system) / 1e6, perSecond: transitions / seconds };
  }

  /** Starts runs of a text that wait for longer than anybody measures; resolves when all of them have set their timers. */
  async setTimers(text: string, runs: number, timers: number): Promise<void> {
    const { sha256 } = await this.engine.library.publish({ text, publishedBy: "bench" });
    await Promise.all(Array.from({ length: runs }, () => this.#start(sha256)));
    while ((await this.#timers()) < timers) await sleep(50);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop();
    await this.#expressions.close();
    await this.#schemas.close();
    await this.#store.close();
  }

  async #start(sha256: Sha256): Promise<RunId> {
    const request = { opId: newOpId(), workflow: { sha256 }, input: {}, startedBy: "bench" };
    return (await this.engine.start(request)).id;
  }

  async #completed(id: RunId): Promise<void> {
    for (;;) {
      const news = this.#feed.changes.next(id);
      const { state, errorText } = await this.engine.get(id);
      if (state === "completed") return;
      if (isEnded(state)) throw new Error(`A run has ${state}: ${errorText ?? "without a reason"}`);
      await news;
    }
  }

  async #timers(): Promise<number> {
    const { count } = await this.#store.db
      .selectFrom("timers")
      .select((eb) => eb.fn.countAll().as("count"))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** As the snapshots count them. */
  async #transitions(ids: readonly RunId[]): Promise<number> {
    const rows = await this.#store.db
      .selectFrom("snapshots")
      .select("seq")
      .where("run_id", "in", [...ids])
      .execute();
    return rows.reduce((sum, { seq }) => sum + seq, 0);
  }
}

function echoFunction(called: () => void): WorkflowFunction {
  return {
    name: echo,
    purpose: "Gives back its argument.",
    argument: z.unknown(),
    perform: (argument) => {
      called();
      return Promise.resolve(argument as Json);
    },
  };
}

/** A workflow text that does the same things `turns` times (YAML, indented by eight). */
export const loopOf = (turns: number, tasks: string): string => `
document: { dsl: "1.0.3", namespace: default, name: loop-${hashBytes(`${turns}${tasks}`).slice(0, 12)}, version: "1.0.0" }
do:
  - loop:
      for: { in: "\${ [range(${turns})] }" }
      do:
${tasks}`;

/** A trivial step; its expression is evaluated in process. */
export const trivial = `        - step: { call: "${echo}", with: { n: "\${ $index }" } }\n`;
