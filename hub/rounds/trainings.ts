import type { CallRef } from "#kernel/refs.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import type { Assignment } from "#hub/assignments/model.js";
import type { WorkDescriber } from "#hub/assignments/service.js";
import { findOpenCall } from "#hub/store/calls.js";
import { findModelVersion, type ModelVersion } from "#hub/store/models.js";
import type { Store } from "#hub/store/store.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import { type Json, parseJson } from "#kernel/json.js";
import type { Layers } from "#proto/codec/work.js";
import { federatedKind } from "./calls.js";
import type { ModelVersionName } from "./plan.js";
import { describeWork, readTask, type Training } from "./training.js";

/** Trainings that are kept in memory; another is read from the store again. */
const maxKept = 256;

/** The trainings that are under way, each derived once from the stored argument of its call. */
export class Trainings implements WorkDescriber {
  readonly #store: Store;
  readonly #unpack: (text: string) => Promise<Json>;
  readonly #trainings = new Map<string, Promise<Training>>();

  /** `unpack` makes the argument whole again that a row keeps. */
  constructor(store: Store, unpack: (text: string) => Promise<Json>) {
    this.#store = store;
    this.#unpack = unpack;
  }

  /** Throws `TASK_NOT_FOUND` when the call is over, `MODEL_NOT_FOUND` when the hub has no such model. */
  get(call: CallRef): Promise<Training> {
    const key = `${call.runId}/${call.effect}`;
    let known = this.#trainings.get(key);
    if (known === undefined) {
      known = this.#load(call);
      this.#trainings.set(key, known);
      // A fault of the moment must not stand for good.
      known.catch(() => this.#trainings.delete(key));
      const [oldest] = this.#trainings.keys();
      if (this.#trainings.size > maxKept && oldest !== undefined) this.#trainings.delete(oldest);
    }
    return known;
  }

  async describe(assignment: Assignment): Promise<{ runName: string; workJson: string }> {
    const { runName, workJson } = await this.get(assignment);
    return { runName, workJson: workJson[assignment.kind] };
  }

  async expectedTensors(assignment: Assignment): Promise<readonly TensorSpec[] | undefined> {
    return assignment.kind === "train" ? (await this.get(assignment)).tensors : undefined;
  }

  async #load({ runId, effect }: CallRef): Promise<Training> {
    const open = await findOpenCall(this.#store.db, { runId, effect });
    const kind = open && federatedKind(open.call);
    if (open === undefined || kind === undefined)
      throw new ComityError("TASK_NOT_FOUND", `The call ${effect} of run ${runId} is over.`);
    const task = readTask(kind, await this.#unpack(open.argument));
    const { createdAtMs, runName } = open;
    const call = { runId, effect, createdAtMs, runName };
    if ("layers" in task.model) {
      const work = describeWork(task, task.model.layers);
      return { ...task, ...call, ...work, name: task.name ?? "training", base: undefined };
    }
    const version = await this.#version(task.model, runId);
    const work = describeWork(task, parseJson(version.layers) as Layers);
    return { ...task, ...call, ...work, name: task.name ?? version.model, base: version.blob };
  }

  async #version(name: ModelVersionName, runId: RunId): Promise<ModelVersion> {
    const { sha256 } = name;
    const ref = "name" in name ? { model: name.name, version: name.version, sha256 } : { sha256 };
    const found = await findModelVersion(this.#store.db, ref, runId);
    if (found !== undefined) return found;
    const told = "name" in name ? `version ${name.version} of a model ${name.name}` : "model";
    const digest = sha256 === undefined ? "" : ` with the digest ${sha256}`;
    throw new ComityError("MODEL_NOT_FOUND", `The hub has no ${told}${digest}.`, {
      hint: "`comity model list` shows the models.",
    });
  }
}
