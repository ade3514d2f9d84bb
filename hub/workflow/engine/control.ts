import type { RunFeed } from "#hub/runs/feed.js";
import { keepOperation, type NamedOperation, storedOperation } from "#hub/store/operations.js";
import { putIntoInbox } from "#hub/store/owners.js";
import { endQueuedRun, findRun, saveWorkflow, taskRow } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import type { Workflow } from "#hub/workflow/definition/model.js";
import { KeyedSerial } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { newOpId, type OpId, type RunId } from "#kernel/ids.js";
import { canonicalJson } from "#kernel/json.js";
import { runNotFound } from "./actors.js";
import type { Incoming } from "./batch-draft.js";
import type { Core } from "./core.js";
import type { Happening } from "./model.js";
import { retryFrom } from "./retry.js";
import { checkSteering } from "./steering.js";

/** What every call that steers a run says. */
export interface SteerRequest {
  /** Absent for what the hub does by itself. */
  readonly opId?: OpId;
  readonly runId: RunId;
  readonly by: string;
}

export interface RetryRequest extends SteerRequest {
  /** The name or the JSON Pointer of a task; absent: the task that has failed. */
  readonly from?: string;
  /** The definition from now on, checked already; absent: the same. */
  readonly definition?: Workflow;
}

interface Parts {
  readonly core: Core;
  readonly store: Store;
  readonly feed: RunFeed;
  readonly clock: Clock;
}

/** Steers runs: each call is an event of the run's journal, once for each `op_id`. */
export class Control {
  readonly #parts: Parts;
  /** The same wish twice at the same time is one: the second finds the first one's answer. */
  readonly #serial = new KeyedSerial<OpId>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async pause({ reason, ...request }: SteerRequest & { readonly reason: string }): Promise<void> {
    await this.#steer("PauseRun", request, { reason }, { type: "run.paused", by: request.by, reason });
  }

  async resume(request: SteerRequest): Promise<void> {
    await this.#steer("ResumeRun", request, {}, { type: "run.resumed", by: request.by });
  }

  async cancel({ reason, ...request }: SteerRequest & { readonly reason: string }): Promise<void> {
    await this.#steer("CancelRun", request, { reason }, { type: "run.cancelled", by: request.by, reason });
  }

  /** Lets a run that is over go on: from the task that failed, or from any task that it has come to. */
  async retry(request: RetryRequest): Promise<void> {
    const { store, core, clock } = this.#parts;
    const { runId, by, definition } = request;
    if (definition !== undefined) await this.#checkSame(runId, definition);
    const from =
      request.from === undefined
        ? undefined
        : await retryFrom(core.payloads, await this.#task(runId, request.from));
    const body = definition === undefined ? undefined : canonicalJson(definition);
    const sha256 = body === undefined ? undefined : hashBytes(body);
    const program =
      definition === undefined || sha256 === undefined ? undefined : core.programs.add(sha256, definition);
    // A definition that nobody uses yet harms nobody: it may come before the event that names it.
    if (body !== undefined && sha256 !== undefined) {
      await store.write((tx) => saveWorkflow(tx.db, sha256, body, clock.nowMs()));
    }
    const happening: Happening = {
      type: "run.retried",
      by,
      ...(from && { from }),
      ...(sha256 && { definition: sha256 }),
    };
    const content = { from: request.from ?? "", definition: sha256 ?? "" };
    await this.#steer("RetryRun", request, content, happening, program);
  }

  /** A run goes on with a version of its own workflow. */
  async #checkSame(runId: RunId, { document }: Workflow): Promise<void> {
    const run = await findRun(this.#parts.store.db, runId);
    if (run === undefined) throw runNotFound(runId);
    const given = `${document.namespace}/${document.name}`;
    const own = run.workflow.slice(0, run.workflow.lastIndexOf(":"));
    if (given === own) return;
    throw new ComityError(
      "ARGUMENT_INVALID",
      `Run ${runId} is a run of ${own}, and the definition is ${given}.`,
      {
        hint: "Start a run of the other workflow.",
      },
    );
  }

  async #task(runId: RunId, name: string) {
    const row = await taskRow(this.#parts.store.db, runId, name);
    if (row !== undefined) return row;
    throw new ComityError("TASK_NOT_FOUND", `Run ${runId} has not come to a task ${name}.`, {
      hint: `\`comity run show ${runId}\` lists its tasks.`,
    });
  }

  #steer(
    method: string,
    { opId, runId, by }: SteerRequest,
    content: Readonly<Record<string, string>>,
    happening: Happening,
    program?: Incoming["program"],
  ): Promise<void> {
    if (opId === undefined) return this.#once(runId, happening, undefined, program);
    const operation = { opId, actor: by, method, content: { runId, ...content } };
    return this.#serial.run(opId, () => this.#once(runId, happening, operation, program));
  }

  async #once(
    runId: RunId,
    happening: Happening,
    operation: NamedOperation | undefined,
    program: Incoming["program"],
  ): Promise<void> {
    const { store, core } = this.#parts;
    if (operation !== undefined && (await storedOperation(store.db, operation)) !== undefined) return;
    if (happening.type === "run.cancelled" && (await this.#cancelQueued(runId, happening, operation))) return;
    const sent = await core.actors.send(runId, {
      happening,
      check: (state) => checkSteering(runId, happening, state),
      ...(operation && {
        operation: {
          ...operation,
          contentSha256: hashBytes(canonicalJson(operation.content)),
          reply: "true",
        },
      }),
      ...(program && { program }),
    });
    if (sent === "elsewhere") await this.#leave(runId, happening);
  }

  /** Another hub works on the run: the event waits in the run's inbox, and that hub is told. */
  async #leave(runId: RunId, happening: Happening): Promise<void> {
    const { store, core } = this.#parts;
    checkSteering(runId, happening, await core.readState(runId));
    const { text, payloads } = core.payloads.pack(happening);
    await core.payloads.keep(payloads);
    await store.write(async (tx) => {
      await putIntoInbox(tx.db, runId, newOpId(), text);
      store.notifier.notify(tx, inboxTopic, runId);
    });
  }

  /** Cancels a run that waits for its place; false when there is none that waits. */
  async #cancelQueued(
    runId: RunId,
    { by, reason }: Happening & { readonly type: "run.cancelled" },
    operation: NamedOperation | undefined,
  ): Promise<boolean> {
    const { store, feed, clock } = this.#parts;
    if ((await findRun(store.db, runId))?.state !== "queued") return false;
    const text = `${by} has cancelled the run${reason === "" ? "" : `: ${reason}`}.`;
    return store.write(async (tx) => {
      if (!(await endQueuedRun(tx.db, runId, text, clock.nowMs()))) return false;
      feed.append(tx, { runId, type: "run.cancelled", text, data: { code: "RUN_CANCELLED" } });
      if (operation !== undefined) await keepOperation(tx.db, operation, "true", clock.nowMs());
      return true;
    });
  }
}

/** Hints that a run's inbox has something. */
export const inboxTopic = "inbox";
