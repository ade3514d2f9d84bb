import { eventsAfter } from "#hub/store/events.js";
import { runOutcome, tasksOf } from "#hub/store/runs.js";
import type { TasksTable } from "#hub/store/schema.js";
import { standardError } from "#hub/workflow/interpreter/errors.js";
import type { CloudEvent, WorkflowError } from "#hub/workflow/interpreter/model.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { TestHub } from "./hub.js";
import { shown, Unmet } from "./values.js";

/** How a run stands, or how it has ended. */
export interface Outcome {
  readonly state: string;
  readonly output: Json | undefined;
  readonly error: WorkflowError | undefined;
}

/** What one scenario has said so far, and the run that came of it. */
export class World {
  readonly hub: TestHub;
  definition: string | undefined;
  input: Json = {};
  /** The last event that a step has handed in. */
  event: CloudEvent | undefined;
  /** How many runs took it. */
  takers = 0;
  #runId: RunId | undefined;
  #refused: ComityError | undefined;

  constructor(hub: TestHub) {
    this.hub = hub;
  }

  get runId(): RunId {
    if (this.#refused !== undefined) throw new Unmet(`The workflow was refused: ${this.#refused.message}`);
    if (this.#runId === undefined) throw new Unmet("No step before this one executes the workflow.");
    return this.#runId;
  }

  get refused(): ComityError | undefined {
    return this.#refused;
  }

  /** Makes the workflow known, so that its schedule counts. */
  async publish(): Promise<void> {
    if (this.definition === undefined) throw new Unmet("No step before this one gives a workflow.");
    await this.hub.local.engine.library.publish({ text: this.definition, publishedBy: "conformance" });
    await this.hub.settle();
  }

  /** How many runs there are. */
  async countRuns(): Promise<number> {
    await this.hub.settle();
    const rows = await this.hub.local.store.db.selectFrom("runs").select("run_id").execute();
    return rows.length;
  }

  /** Turns to the run that has begun last. */
  async turnToLast(): Promise<void> {
    await this.hub.settle();
    const last = await this.hub.local.store.db
      .selectFrom("runs")
      .select("run_id")
      .orderBy("run_id", "desc")
      .executeTakeFirst();
    this.#runId = last?.run_id as RunId | undefined;
  }

  /** Begins the run, and lets it come as far as it can without time. */
  async start(): Promise<void> {
    if (this.definition === undefined) throw new Unmet("No step before this one gives a workflow.");
    try {
      const workflow = { text: this.definition };
      const run = await this.hub.local.engine.start({
        workflow,
        input: this.input,
        startedBy: "conformance",
      });
      this.#runId = run.id;
    } catch (thrown) {
      this.#refused = ComityError.from(thrown);
      if (this.#refused.code === "INTERNAL") throw thrown;
      return;
    }
    this.hub.watch(this.#runId);
    await this.hub.settle();
  }

  /** Begins the run, and lets all the time pass that it needs. */
  async execute(): Promise<void> {
    await this.start();
    if (this.#runId !== undefined) await this.hub.passUntilEnd(this.#runId);
  }

  /** What has come of the run. A workflow that was refused counts as one with a fault. */
  async outcome(): Promise<Outcome> {
    if (this.#refused !== undefined)
      return { state: "failed", output: undefined, error: faultOf(this.#refused) };
    await this.hub.settle();
    const { store, engine } = this.hub.local;
    const { state, output, error } = await runOutcome(store.db, this.runId);
    return {
      state,
      output: output === null ? undefined : await engine.unpack(output),
      error: error === null ? undefined : (JSON.parse(error) as WorkflowError),
    };
  }

  /** The outcome, which must be this one. */
  async expectState(state: string): Promise<Outcome> {
    const outcome = await this.outcome();
    if (outcome.state !== state) throw new Unmet(`The workflow ${await this.#standing(outcome)}`);
    return outcome;
  }

  /** The workflow's output; it must have completed. */
  async output(): Promise<Json> {
    return (await this.expectState("completed")).output ?? null;
  }

  /** What the store knows of a task, by its name or its pointer. */
  async task(name: string): Promise<TasksTable> {
    await this.hub.settle();
    const found = await this.#tasks(name);
    if (found === undefined) throw new Unmet(`${name} has not begun.`);
    return found;
  }

  /** The pointers of the tasks that have begun, in order, once for each time. */
  async begun(): Promise<readonly string[]> {
    await this.hub.settle();
    const events = await eventsAfter(this.hub.local.store.db, this.runId, 0, 100_000);
    return events.filter(({ type }) => type === "task.running").map(({ data }) => String(data["ref"]));
  }

  async #tasks(name: string): Promise<TasksTable | undefined> {
    const rows = await tasksOf(this.hub.local.store.db, this.runId);
    return rows.find((row) => row.ref === name || row.name === name);
  }

  async #standing({ state, output, error }: Outcome): Promise<string> {
    switch (state) {
      case "completed":
        return `has completed with ${shown(output)}`;
      case "failed":
        return `has faulted with ${shown(error)}`;
      case "running": {
        const { text } = await this.hub.local.engine.why(this.runId);
        return `is not over. ${text}`;
      }
      default:
        return `is ${state}`;
    }
  }
}

/** A refusal as the error that the specification has for it. */
function faultOf(refused: ComityError): WorkflowError {
  const name = refused.code === "SECRET_NOT_FOUND" ? "authorization" : "configuration";
  return standardError(name, "The workflow was refused", { detail: refused.message });
}
