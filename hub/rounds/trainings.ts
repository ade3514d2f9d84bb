import type { TensorSpec } from "#aggregation/tensors/spec.js";
import type { Assignment } from "#hub/assignments/model.js";
import type { WorkDescriber } from "#hub/assignments/service.js";
import { findRun, workflowBody } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import { type Training, trainingOf } from "./training.js";

/** The trainings of the runs that are under way, each derived once from its stored workflow. */
export class Trainings implements WorkDescriber {
  readonly #store: Store;
  readonly #trainings = new Map<RunId, Promise<{ training: Training; runName: string }>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Throws `RUN_NOT_FOUND`. */
  async get(runId: RunId): Promise<Training> {
    return (await this.#of(runId)).training;
  }

  /** The run has ended. */
  forget(runId: RunId): void {
    this.#trainings.delete(runId);
  }

  async describe(assignment: Assignment): Promise<{ runName: string; workJson: string }> {
    const { training, runName } = await this.#of(assignment.runId);
    return { runName, workJson: training.workJson[assignment.kind] };
  }

  async expectedTensors(assignment: Assignment): Promise<readonly TensorSpec[] | undefined> {
    return assignment.kind === "train" ? (await this.get(assignment.runId)).tensors : undefined;
  }

  #of(runId: RunId): Promise<{ training: Training; runName: string }> {
    let known = this.#trainings.get(runId);
    if (known === undefined) {
      known = this.#load(runId);
      this.#trainings.set(runId, known);
      // A fault of the moment must not stand for good.
      known.catch(() => this.#trainings.delete(runId));
    }
    return known;
  }

  async #load(runId: RunId): Promise<{ training: Training; runName: string }> {
    const run = await findRun(this.#store.db, runId);
    if (run === undefined) throw new ComityError("RUN_NOT_FOUND", `There is no run ${runId}.`);
    const training = trainingOf(await workflowBody(this.#store.db, run.workflowSha256));
    return { training, runName: run.name };
  }
}
