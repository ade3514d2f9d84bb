import { JqExpressions } from "#hub/workflow/expression/service.js";
import { ComityError } from "#kernel/errors.js";
import type { FeatureFile, Scenario, Step } from "./feature.js";
import { type Hosts, parseMap } from "./hosts.js";
import { TestHub } from "./hub.js";
import { type Stub, startStub, stubHost } from "./stub.js";
import { Unmet } from "./values.js";
import { perform } from "./vocabulary.js";
import { World } from "./world.js";

/** Why a scenario has failed. */
export interface Failure {
  /** Absent when the failure is not one of a step. */
  readonly step?: Step;
  readonly reason: string;
}

/** What has come of one scenario, or of a file that cannot be read. */
export interface Result {
  readonly scenario: Scenario;
  readonly failure: Failure | undefined;
  readonly durationMs: number;
}

export interface RunnerSettings {
  /** Texts such as `HOST=URL`. */
  readonly maps?: readonly string[];
  /** Hosts that our own stand-in answers for. */
  readonly stubbed?: readonly string[];
  /** The hub is restarted whenever its runs wait for something. */
  readonly restarts?: boolean;
}

/** Runs scenarios, each on an engine of its own; what they share is jq and a stand-in for public services. */
export class Runner implements AsyncDisposable {
  readonly #expressions = new JqExpressions();
  readonly #stub: Stub;
  readonly #hosts: Hosts;
  readonly #restarts: boolean;

  private constructor(stub: Stub, hosts: Hosts, restarts: boolean) {
    this.#stub = stub;
    this.#hosts = hosts;
    this.#restarts = restarts;
  }

  /** Throws `USAGE`. */
  static async open({ maps = [], stubbed = [], restarts = false }: RunnerSettings = {}): Promise<Runner> {
    const stub = await startStub();
    try {
      const own = [stubHost, ...stubbed].map((host) => `${host}=${stub.url}`);
      return new Runner(stub, parseMap([...own, ...maps]), restarts);
    } catch (error) {
      await stub[Symbol.asyncDispose]();
      throw error;
    }
  }

  async run(scenario: Scenario): Promise<Result> {
    const startedMs = performance.now();
    const failure = await this.#failureOf(scenario);
    return { scenario, failure, durationMs: performance.now() - startedMs };
  }

  /** The results of every scenario of some files, one after the other. */
  async *runAll(files: readonly FeatureFile[]): AsyncGenerator<Result> {
    for (const { file, scenarios, error } of files) {
      if (error !== undefined) yield unreadable(file, error);
      for (const scenario of scenarios) yield await this.run(scenario);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#expressions.close();
    await this.#stub[Symbol.asyncDispose]();
  }

  async #failureOf({ steps }: Scenario): Promise<Failure | undefined> {
    if (steps.length === 0)
      return { reason: "The scenario has no steps. Their keywords have a capital: `Given`." };
    const says = (words: RegExp) => steps.some(({ text }) => words.test(text));
    await using hub = await TestHub.open({
      keeps: says(/\bthe hub is (restarted|down)\b/i),
      scheduled: says(/\bis published\b/i),
      restarts: this.#restarts,
      hosts: this.#hosts,
      expressions: this.#expressions,
    });
    const world = new World(hub);
    for (const step of steps) {
      try {
        await perform(world, step);
      } catch (thrown) {
        return { step, reason: reasonOf(thrown) };
      }
    }
    return await verify(world);
  }
}

/** Replaying the journal of every run that the scenario has made must give its snapshot. */
async function verify({ hub }: World): Promise<Failure | undefined> {
  const { store, engine } = hub.local;
  const runs = await store.db.selectFrom("runs").select("run_id").execute();
  for (const { run_id: runId } of runs) {
    try {
      await engine.verify(runId as Parameters<typeof engine.verify>[0]);
    } catch (thrown) {
      return { reason: reasonOf(thrown) };
    }
  }
  return undefined;
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof Unmet) return thrown.message;
  const { code, message, hint } = ComityError.from(thrown);
  return [`${code}: ${message}`, hint].filter((part) => part !== undefined).join(" ");
}

function unreadable(file: string, error: string): Result {
  const scenario = { file, line: 1, feature: "", name: "the file cannot be read", tags: [], steps: [] };
  return { scenario, failure: { reason: error }, durationMs: 0 };
}
