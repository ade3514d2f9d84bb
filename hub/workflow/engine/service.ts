import type { RunFeed } from "#hub/runs/feed.js";
import type { Run } from "#hub/runs/model.js";
import { findRun, runOutcome, workflowBody } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import type { Definition } from "#hub/workflow/definition/lint.js";
import { parseDefinition } from "#hub/workflow/definition/lint.js";
import type { Workflow } from "#hub/workflow/definition/model.js";
import { type DryRunStep, dryRun } from "#hub/workflow/dry-run.js";
import type { Expressions } from "#hub/workflow/expression/model.js";
import { Functions, type WorkflowFunction } from "#hub/workflow/function.js";
import type { CloudEvent } from "#hub/workflow/interpreter/model.js";
import { compile } from "#hub/workflow/interpreter/program.js";
import { transition } from "#hub/workflow/interpreter/run.js";
import { Library } from "#hub/workflow/library.js";
import type { Schemas } from "#hub/workflow/schema/model.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { Log } from "#kernel/log.js";
import { runNotFound } from "./actors.js";
import { runWorkflow } from "./children.js";
import { Control, inboxTopic, type RetryRequest, type SteerRequest } from "./control.js";
import { Core } from "./core.js";
import { Delivery } from "./deliver.js";
import { Leases } from "./leases.js";
import type { Limits } from "./limits.js";
import type { PayloadStore, Secrets } from "./model.js";
import { Queue } from "./queue.js";
import { shapesOf } from "./secrets.js";
import { Starter, type StartRequest } from "./start.js";
import { Takeover } from "./takeover.js";
import { type Verified, verifyRun } from "./verify.js";
import { type Why, whyOf } from "./why.js";

/** What an engine is made of; none of it needs a site or a socket. */
export interface EngineParts {
  readonly store: Store;
  readonly feed: RunFeed;
  /** What tasks may call; `run.workflow` is the engine's own. */
  readonly functions: readonly WorkflowFunction[];
  readonly expressions: Expressions;
  readonly schemas: Schemas;
  readonly secrets: Secrets;
  readonly payloads: PayloadStore;
  /** Shared with whoever else takes places. */
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
}

/** Which workflow: one that was published or run before by its digest, one by its name in the library, or a text. */
export type WorkflowChoice =
  | { readonly sha256: Sha256 }
  | { readonly title: string }
  | { readonly text: string };

/** Starts, steers, resumes and explains runs. */
export class Engine {
  readonly functions: Functions;
  readonly library: Library;
  readonly #parts: EngineParts;
  readonly #core: Core;
  readonly #starter: Starter;
  readonly #control: Control;
  readonly #queue: Queue;
  readonly #delivery: Delivery;
  readonly #takeover: Takeover;
  readonly #leases: Leases;
  readonly #published: ((event: CloudEvent) => Promise<unknown>)[] = [];
  #deaf: () => void = () => undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    const { store, feed, expressions, limits, clock, log } = parts;
    this.library = new Library({ store, clock, parse: (text) => this.parse(text) });
    const core: Core = new Core({
      ...parts,
      functions: () => this.functions,
      compile: (workflow) => {
        const program = compile(workflow);
        return (state, event, format) => transition(program, state, event, format, parts);
      },
      publish: async (event) => {
        await Promise.all([this.deliver(event), ...this.#published.map((take) => take(event))]);
      },
      holds: (holder) => limits.holds(holder),
      freed: (holders) => {
        limits.freed(holders);
        this.#queue.lookSoon();
      },
    });
    this.#core = core;
    const { library } = this;
    const queue = new Queue({ core, store, limits, clock, log });
    this.#queue = queue;
    this.#starter = new Starter({ ...parts, core, queue });
    this.#control = new Control({ core, store, feed, clock });
    this.#delivery = new Delivery({ core, store, expressions, clock, log });
    const takeover = new Takeover({ store, feed, core, limits, queue, log });
    this.#takeover = takeover;
    this.#leases = new Leases({
      store,
      owner: core.owner,
      clock,
      log,
      taken: (runs) => takeover.takeUp(runs),
    });
    const { payloads } = core;
    const children = runWorkflow({
      store,
      feed,
      library,
      starter: this.#starter,
      control: this.#control,
      payloads,
    });
    this.functions = new Functions([...parts.functions, children]);
  }

  /** A definition, checked against what this hub has. Throws `WORKFLOW_INVALID`. `file` names it in messages. */
  parse(text: string, file?: string): Promise<Definition> {
    const { expressions } = this.#parts;
    return parseDefinition(text, { expressions, functions: this.functions }, file);
  }

  /** Starts a run; it exists, durably, when the promise resolves. The same `opId` or `key` again gives the same run. Throws `KEY_REUSED`, `OP_ID_REUSED`. */
  async start(request: Omit<StartRequest, "workflow"> & { readonly workflow: WorkflowChoice }): Promise<Run> {
    const workflow = await this.#workflow(request.workflow);
    return this.get(await this.#starter.start({ ...request, workflow }));
  }

  /** Nothing of the run begins any more until it is resumed; what is under way may end. Throws `RUN_STATE_WRONG`. */
  async pause(request: SteerRequest & { readonly reason: string }): Promise<Run> {
    await this.#control.pause(request);
    return this.get(request.runId);
  }

  /** Throws `RUN_STATE_WRONG`. */
  async unpause(request: SteerRequest): Promise<Run> {
    await this.#control.resume(request);
    return this.get(request.runId);
  }

  /** Ends a run, after what its workflow does to compensate. Throws `RUN_ENDED`. */
  async cancel(request: SteerRequest & { readonly reason: string }): Promise<Run> {
    await this.#control.cancel(request);
    return this.get(request.runId);
  }

  /** Lets a run that is over go on, from where it failed or from a task, with the old or a new definition. */
  async retry(
    request: Omit<RetryRequest, "definition"> & { readonly definition?: WorkflowChoice },
  ): Promise<Run> {
    const { definition, ...rest } = request;
    await this.#control.retry({
      ...rest,
      ...(definition && { definition: await this.#workflow(definition) }),
    });
    return this.get(request.runId);
  }

  /** Throws `RUN_NOT_FOUND`. */
  async get(runId: RunId): Promise<Run> {
    const run = await findRun(this.#parts.store.db, runId);
    if (run === undefined) throw runNotFound(runId);
    return run;
  }

  /** What a run has come to, with its output whole; null while there is none. Throws `RUN_NOT_FOUND`. */
  async outcome(runId: RunId): Promise<{ readonly run: Run; readonly output: Json }> {
    const run = await this.get(runId);
    const { output } = await runOutcome(this.#parts.store.db, runId);
    return { run, output: output === null ? null : await this.unpack(output) };
  }

  /** What a row holds of a value: the input, the output or the context of a task, the argument of a call, the output of a run. */
  unpack(text: string): Promise<Json> {
    return this.#core.payloads.unpack(text);
  }

  /** Why a run stands where it stands. Throws `RUN_NOT_FOUND`. */
  why(runId: RunId): Promise<Why> {
    return whyOf(this.#parts.store, runId);
  }

  /** Replays a run. Throws `JOURNAL_DAMAGED`, `JOURNAL_TOO_NEW`, `RUN_NOT_FOUND`. */
  verify(runId: RunId): Promise<Verified> {
    const { store } = this.#parts;
    const { payloads, programs } = this.#core;
    return verifyRun({ store, payloads, programs }, runId);
  }

  /** Where each step of a workflow would go, and which rule would refuse it. Runs nothing. Throws what a start would throw. */
  async dryRun(request: { workflow: WorkflowChoice; input: Json }): Promise<readonly DryRunStep[]> {
    const { functions, library } = this;
    const { expressions, schemas, clock } = this.#parts;
    const workflow = await this.#workflow(request.workflow);
    shapesOf(this.#parts.secrets, workflow.use?.secrets ?? []);
    return dryRun({ functions, library, expressions, schemas, clock }, workflow, request.input);
  }

  /** Hands an event to the runs that listen for it, to each once; returns how many took it. */
  deliver(event: CloudEvent): Promise<number> {
    return this.#delivery.deliver(event);
  }

  /**
   * Has somebody take every event that a run publishes, besides the runs that listen; it may come again after a crash. Whoever needs each
   * one says so before {@link resume}.
   */
  onPublished(take: (event: CloudEvent) => Promise<unknown>): void {
    this.#published.push(take);
  }

  /** Takes up the runs that nobody works on, from where their rows stand. Returns how many. */
  async resume(): Promise<number> {
    const { notifier } = this.#parts.store;
    this.#deaf = notifier.listen(inboxTopic, (runId) => {
      this.#core.background(() =>
        runId === undefined ? this.#takeover.takeUp([]) : this.#core.takeInbox(runId as RunId),
      );
    });
    return (await this.#leases.open()).length;
  }

  /** Stops; the runs stay as their rows say. */
  async stop(): Promise<void> {
    this.#deaf();
    await this.#queue.stop();
    await this.#core.stop();
    await this.#leases.close();
  }

  async #workflow(choice: WorkflowChoice): Promise<Workflow> {
    if ("text" in choice) return (await this.parse(choice.text)).workflow;
    if ("title" in choice) return (await this.library.get(choice.title)).workflow;
    const body = await workflowBody(this.#parts.store.db, choice.sha256).catch((cause: unknown) => {
      throw new ComityError("WORKFLOW_NOT_FOUND", `There is no workflow with the digest ${choice.sha256}.`, {
        cause,
      });
    });
    return JSON.parse(body) as Workflow;
  }
}
