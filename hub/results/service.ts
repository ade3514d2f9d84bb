import type { Assignment } from "#hub/assignments/model.js";
import type { Round } from "#hub/federated/round.js";
import type { RunFeed } from "#hub/runs/feed.js";
import type { Run } from "#hub/runs/model.js";
import { assignmentsOfRound } from "#hub/store/assignments.js";
import { newestSeq } from "#hub/store/events.js";
import { modelVersions } from "#hub/store/models.js";
import { roundsOf } from "#hub/store/rounds.js";
import { findRun, listRuns, runOutcome, tasksOf, workflowBody } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import { processTurns } from "#kernel/turns.js";
import { compareNumbered } from "#kernel/words.js";

/** One round, summed over its sites. */
interface RoundResult {
  readonly round: number;
  readonly sites: number;
  readonly samples: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** What came out of a run: only what stands for all its sites together. */
export interface Result {
  readonly run: Run;
  readonly rounds: readonly RoundResult[];
  /** Of the last completed round. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly model: { readonly name: string; readonly version: number; readonly blob: BlobRef } | undefined;
}

/** A task with its values as JSON; empty for what there is not. */
interface TaskView {
  readonly ref: string;
  readonly name: string;
  readonly kind: string;
  readonly call: string;
  readonly state: string;
  readonly attempts: number;
  readonly passes: number;
  readonly inputJson: string;
  readonly outputJson: string;
  readonly errorJson: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** The values of all tasks together may have this many bytes in an answer; what is over is left out, the run's input and output never. */
const maxTaskValueBytes = 512 << 10;

/** A run with all that operators may see of it. */
export interface RunView {
  readonly run: Run;
  readonly workflowJson: string;
  readonly tasks: readonly TaskView[];
  /** JSON; empty where it is not known. */
  readonly input: string;
  /** JSON; empty while there is none. */
  readonly output: string;
  readonly error: string;
  readonly rounds: readonly { readonly round: Round; readonly assignments: readonly Assignment[] }[];
  readonly model: BlobRef | undefined;
}

/** Reads runs and their results out of the store. */
export class Results {
  readonly #store: Store;
  readonly #feed: RunFeed;
  readonly #unpack: (text: string) => Promise<Json>;

  /** `unpack` gives a value of the engine's rows whole. */
  constructor(store: Store, feed: RunFeed, unpack: (text: string) => Promise<Json>) {
    this.#store = store;
    this.#feed = feed;
    this.#unpack = unpack;
  }

  /** Newest first. */
  async list(limit: number): Promise<Result[]> {
    return Promise.all((await listRuns(this.#store.db, limit)).map((run) => this.#result(run)));
  }

  /** Throws `RUN_NOT_FOUND`. */
  async get(runId: RunId): Promise<Result> {
    return this.#result(await this.#run(runId));
  }

  /** The result now, then after each round, until the run has ended. */
  async *watch(runId: RunId, signal: AbortSignal): AsyncGenerator<Result> {
    // Read before the result: what happens in between is told again, never left out.
    const seq = await newestSeq(this.#store.db, runId);
    yield await this.get(runId);
    for await (const event of this.#feed.watch(runId, seq, signal)) {
      if (event.type === "round.completed" || event.type.startsWith("run.")) yield await this.get(runId);
    }
  }

  /** A run in full. Throws `RUN_NOT_FOUND`. */
  async view(runId: RunId): Promise<RunView> {
    const { db } = this.#store;
    const run = await this.#run(runId);
    const rounds = await roundsOf(db, runId);
    const { input, output, error } = await runOutcome(db, runId);
    return {
      run,
      input: await this.#json(input),
      output: await this.#json(output),
      error: error ?? "",
      workflowJson: await workflowBody(db, run.workflowSha256),
      tasks: await this.#tasks(runId),
      rounds: await Promise.all(
        rounds.map(async (round) => ({
          round,
          assignments: await assignmentsOfRound(db, runId, round.round),
        })),
      ),
      model: rounds.findLast(({ model }) => model !== undefined)?.model,
    };
  }

  async #tasks(runId: RunId): Promise<TaskView[]> {
    let left = maxTaskValueBytes;
    const views: TaskView[] = [];
    const rows = await tasksOf(this.#store.db, runId);
    for (const row of rows.toSorted((a, b) => compareNumbered(a.ref, b.ref))) {
      // There may be thousands of them, with long values.
      await processTurns.next();
      const fit = (json: string): string => {
        if (json.length > left) return "";
        left -= json.length;
        return json;
      };
      views.push({
        ref: row.ref,
        name: row.name,
        kind: row.kind,
        call: row.call,
        state: row.state,
        attempts: row.attempts,
        passes: row.passes,
        inputJson: fit(await this.#json(row.input)),
        outputJson: fit(await this.#json(row.output)),
        errorJson: fit(row.error ?? ""),
        startedAtMs: row.started_at_ms,
        endedAtMs: row.ended_at_ms ?? 0,
      });
    }
    return views;
  }

  async #json(text: string | null): Promise<string> {
    return text === null ? "" : JSON.stringify(await this.#unpack(text));
  }

  /** Runs without their rounds; newest first. */
  async runs(limit: number): Promise<Run[]> {
    return listRuns(this.#store.db, limit);
  }

  async #run(runId: RunId): Promise<Run> {
    const run = await findRun(this.#store.db, runId);
    if (run !== undefined) return run;
    throw new ComityError("RUN_NOT_FOUND", `There is no run ${runId}.`, {
      hint: "`comity run list` shows the runs.",
    });
  }

  async #result(run: Run): Promise<Result> {
    const { db } = this.#store;
    const completed = (await roundsOf(db, run.id)).filter(({ status }) => status === "completed");
    const versions = await modelVersions(db, { runId: run.id });
    // A run may train several series: the last round's is meant.
    const newest = versions
      .filter(({ round }) => round > 0)
      .toSorted((a, b) => a.round - b.round)
      .at(-1);
    return {
      run,
      rounds: completed.map((round) => ({
        round: round.round,
        sites: round.sites,
        samples: round.samples,
        metrics: round.metrics,
        startedAtMs: round.startedAtMs,
        endedAtMs: round.endedAtMs ?? round.startedAtMs,
      })),
      metrics: completed.at(-1)?.metrics ?? {},
      model: newest && { name: newest.model, version: newest.version, blob: newest.blob },
    };
  }
}
