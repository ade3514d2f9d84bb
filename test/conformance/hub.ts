import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { languageCalls } from "#hub/workflow/calls/calls.js";
import { AddressGuard, thisMachine } from "#hub/workflow/calls/guard.js";
import type { Expressions } from "#hub/workflow/expression/model.js";
import type { CloudEvent } from "#hub/workflow/interpreter/model.js";
import { type LocalEngine, openLocalEngine } from "#hub/workflow/local.js";
import { readSecrets } from "#hub/workflow/secrets.js";
import { type Deferred, deferred, sleep } from "#kernel/async.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import { SteppedClock } from "./clock.js";
import { TestFunctions } from "./functions.js";
import type { Hosts } from "./hosts.js";
import { Unmet } from "./values.js";
import { waitingOf } from "./waiting.js";

/** How long real work may take before a scenario fails. */
const patienceMs = 30_000;
/** How often to look where nobody tells of news. */
const lookMs = 25;
/** A run that needs more steps of the clock than this is not going to end. */
const maxSteps = 10_000;

/** What a scenario needs of its hub. */
export interface TestHubSettings {
  /** It has a folder and can be restarted; without, it is quicker. */
  readonly keeps: boolean;
  /** It is restarted whenever its runs wait for something. */
  readonly restarts: boolean;
  /** Published workflows run by themselves. */
  readonly scheduled: boolean;
  /** Where calls for public hosts go. */
  readonly hosts: Hosts;
  /** Shared by all scenarios: to start jq takes longer than most of them. */
  readonly expressions: Expressions;
}

/** The engine that one scenario runs on, with a clock and functions that outlive its restarts. */
export class TestHub implements AsyncDisposable {
  readonly clock = new SteppedClock(Date.now());
  readonly functions = new TestFunctions(this.clock, () => this.#news.resolve());
  readonly published: CloudEvent[] = [];
  /** May be changed until the first run begins. */
  secrets: Readonly<Record<string, Json>> = {};
  #news: Deferred<void> = deferred();
  #local: LocalEngine | undefined;
  readonly #dir: string | undefined;
  readonly #settings: TestHubSettings;

  private constructor(dir: string | undefined, settings: TestHubSettings) {
    this.#dir = dir;
    this.#settings = settings;
  }

  static async open(settings: TestHubSettings): Promise<TestHub> {
    const dir = settings.keeps || settings.restarts ? await mkdtemp(join(tmpdir(), "comity-")) : undefined;
    const hub = new TestHub(dir, settings);
    await hub.#start();
    return hub;
  }

  get local(): LocalEngine {
    if (this.#local === undefined) throw new Error("The hub is not running.");
    return this.#local;
  }

  /** Stops the engine in the middle of its work, and opens it again, after a time, on what it has kept. */
  async restart(downMs = 0): Promise<void> {
    if (this.#dir === undefined) throw new Error("The hub keeps nothing.");
    await this.local.close();
    this.clock.passTo(this.clock.nowMs() + downMs);
    await this.#start();
    await this.settle();
  }

  /** Takes an event from outside. Returns how many runs it has woken or started. */
  async receive(event: CloudEvent): Promise<number> {
    await this.settle();
    if (this.#settings.restarts) await this.restart();
    const { engine, events } = this.local;
    const answer =
      events === undefined
        ? { runs: await engine.deliver(event), started: [] }
        : await events.incoming.publish({ eventJson: JSON.stringify(event), by: "conformance" });
    await this.settle();
    return answer.runs + answer.started.length;
  }

  /** Has the end of a run end a wait of {@link settle} at once. */
  watch(runId: RunId): void {
    void this.local.feed.changes.next(runId).then(() => {
      this.#news.resolve();
      this.watch(runId);
    });
  }

  /** Waits until every run is over, or waits for time, for an event or for somebody. Throws {@link Unmet} when that takes too long. */
  async settle(): Promise<void> {
    for (let waitedMs = 0; ; waitedMs += lookMs) {
      this.#news = deferred();
      const { busy, calls } = await this.#waiting();
      if (busy.length === 0) return;
      if (waitedMs > patienceMs)
        throw new Unmet(`After ${patienceMs / 1000} seconds there is still ${busy.join(", ")}.`);
      const told = await Promise.race([this.#news.promise.then(() => true), sleep(lookMs).then(() => false)]);
      // While others work, their time is the scenario's time; our own work takes none.
      if (calls && !told) this.clock.passTo(this.clock.nowMs() + lookMs);
    }
  }

  /** Lets time pass, with everything that happens in it at its moment. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    await this.settle();
    for (let due = await this.#next(); due !== undefined && due <= untilMs; due = await this.#next())
      await this.#passTo(due);
    await this.#passTo(untilMs);
  }

  /** Lets time pass until the run is over; returns when it waits for something else than time. */
  async passUntilEnd(runId: RunId): Promise<void> {
    await this.settle();
    for (let step = 0; step < maxSteps; step += 1) {
      const { state } = await this.local.engine.get(runId);
      const due = await this.#next();
      if (state !== "running" || due === undefined) return;
      await this.#passTo(due);
    }
    throw new Unmet(`After ${maxSteps} timers the run is still not over.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#local?.close();
    if (this.#dir !== undefined) await rm(this.#dir, { recursive: true, force: true });
  }

  async #passTo(ms: number): Promise<void> {
    if (this.#settings.restarts) await this.restart();
    this.clock.passTo(ms);
    await this.settle();
  }

  async #next(): Promise<number | undefined> {
    return (await this.#waiting()).nextDueMs;
  }

  #waiting() {
    return waitingOf(this.local.store, this.clock.nowMs(), this.functions.sleeping);
  }

  async #start(): Promise<void> {
    this.#local = undefined;
    this.functions.sleeping.clear();
    const environment = await readSecrets(undefined);
    this.#local = await openLocalEngine({
      functions: [
        ...this.functions.all,
        ...languageCalls({ guard: new AddressGuard({ allow: thisMachine }), route: this.#settings.hosts }),
      ],
      clock: this.clock,
      scheduled: this.#settings.scheduled,
      expressions: this.#settings.expressions,
      secrets: {
        find: (name) => (Object.hasOwn(this.secrets, name) ? this.secrets[name] : environment.find(name)),
      },
      published: (event) => {
        if (!this.published.some(({ id, source }) => id === event.id && source === event.source))
          this.published.push(event);
        this.#news.resolve();
        return Promise.resolve();
      },
      ...(this.#dir === undefined ? {} : { dir: this.#dir }),
    });
  }
}
