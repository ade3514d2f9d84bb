import { sleep } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { newRunId, type OpId, type RunId } from "#kernel/ids.js";
import { canonicalJson, parseJson } from "#kernel/json.js";
import type { Log } from "#kernel/log.js";
import { once } from "#hub/store/operations.js";
import { findRun, insertRun, runningRuns, saveWorkflow, tasksOf } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import { onlyStep, parseWorkflow } from "./definition.js";
import type { RunEnding } from "./ending.js";
import type { RunJournal } from "./journal.js";
import type { Run } from "./model.js";

/** A function that a step may call. It works from the store alone, so that it can be taken up again after any crash. */
export interface StepFunction {
  /** Throws when the argument cannot be right; called before the run exists. */
  check(argument: unknown): Promise<{ name: string }>;
  /** Takes the run as far as it can go; resolves when the run has ended or the hub stops. Throws what fails the run. */
  drive(run: Run, signal: AbortSignal): Promise<void>;
}

interface Parts {
  readonly store: Store;
  readonly journal: RunJournal;
  readonly ending: RunEnding;
  readonly functions: Readonly<Record<string, StepFunction>>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a run rests after a fault that may pass. */
const retryMs = 5_000;

/** Starts, resumes and ends runs. */
export class Engine {
  readonly #parts: Parts;
  readonly #driving = new Map<RunId, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes up every run that was running when the hub went down. Returns how many. */
  async resume(): Promise<number> {
    const runs = await runningRuns(this.#parts.store.db);
    for (const run of runs) {
      await this.#parts.store.write((tx) =>
        this.#parts.journal.append(tx, {
          runId: run.id,
          type: "hub.resumed",
          text: "The hub has started again and goes on with the run.",
        }),
      );
      this.#drive(run);
    }
    return runs.length;
  }

  /** Starts a run of a workflow. The run exists, durably, when the promise resolves. */
  async start(request: { opId: OpId; workflowJson: string; name: string; startedBy: string }): Promise<Run> {
    const { store, journal, clock } = this.#parts;
    const workflow = parseWorkflow(parseJson(request.workflowJson, "WORKFLOW_UNSUPPORTED"));
    const step = onlyStep(workflow);
    const { name } = await this.#function(step.call).check(step.argument);
    const body = canonicalJson(workflow);
    const nowMs = clock.nowMs();
    const operation = {
      opId: request.opId,
      actor: request.startedBy,
      method: "StartRun",
      content: { body, name: request.name },
    };
    const runId = await once(store, operation, nowMs, async (tx) => {
      const run: Run = {
        id: newRunId(),
        name: request.name === "" ? name : request.name,
        workflowSha256: hashBytes(body),
        state: "running",
        startedBy: request.startedBy,
        startedAtMs: nowMs,
        endedAtMs: undefined,
        errorCode: undefined,
        errorText: undefined,
      };
      await saveWorkflow(tx.db, run.workflowSha256, body, nowMs);
      await insertRun(tx.db, run, [step]);
      journal.append(tx, {
        runId: run.id,
        type: "run.started",
        text: `${request.startedBy} has started ${run.name}.`,
      });
      tx.afterCommit(() => this.#drive(run));
      return run.id;
    });
    return this.get(runId);
  }

  async get(runId: RunId): Promise<Run> {
    const run = await findRun(this.#parts.store.db, runId);
    if (run !== undefined) return run;
    throw new ComityError("RUN_NOT_FOUND", `There is no run ${runId}.`, {
      hint: "`comity run list` shows the runs.",
    });
  }

  /** Cancels a run: its open assignments end at the sites too. Throws `RUN_ENDED` when it is over. */
  async cancel(request: { opId: OpId; runId: RunId; reason: string; by: string }): Promise<Run> {
    const { store, clock } = this.#parts;
    await this.get(request.runId);
    const text = `${request.by} has cancelled the run${request.reason === "" ? "" : `: ${request.reason}`}.`;
    const operation = {
      opId: request.opId,
      actor: request.by,
      method: "CancelRun",
      content: { runId: request.runId, reason: request.reason },
    };
    await once(store, operation, clock.nowMs(), async (tx) => {
      if (!(await this.#parts.ending.abandon(tx, request.runId, "cancelled", "RUN_CANCELLED", text))) {
        throw new ComityError("RUN_ENDED", `Run ${request.runId} is over already.`);
      }
      return true;
    });
    return this.get(request.runId);
  }

  /** Stops driving; the runs stay as they are in the store. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#driving.values());
  }

  #drive(run: Run): void {
    const { log } = this.#parts;
    const driving = this.#driveToEnd(run)
      .catch((error: unknown) =>
        log.fatal({ runId: run.id, err: error }, "the failure of a run could not be written"),
      )
      .finally(() => this.#driving.delete(run.id));
    this.#driving.set(run.id, driving);
  }

  /** Drives until the run has ended. What may pass by itself, such as a full disk, is tried again from where the store stands. */
  async #driveToEnd(run: Run): Promise<void> {
    const { store, log, ending } = this.#parts;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#step(run);
        return;
      } catch (thrown) {
        const error = ComityError.from(thrown);
        if (error.kind.retryable !== true) {
          log.error({ runId: run.id, code: error.code, err: error }, "the run has failed");
          await store.write((tx) => ending.abandon(tx, run.id, "failed", error.code, error.message));
          return;
        }
        log.warn(
          { runId: run.id, code: error.code, err: error },
          "the run cannot go on now; it is tried again",
        );
        await sleep(retryMs, this.#stopping.signal);
      }
    }
  }

  async #step(run: Run): Promise<void> {
    for (const task of await tasksOf(this.#parts.store.db, run.id)) {
      await this.#function(task.call).drive(run, this.#stopping.signal);
    }
  }

  #function(call: string): StepFunction {
    const found = this.#parts.functions[call];
    if (found !== undefined) return found;
    throw new ComityError("WORKFLOW_UNSUPPORTED", `This hub has no function ${call}.`, {
      hint: `It has ${Object.keys(this.#parts.functions).join(", ")}.`,
    });
  }
}
