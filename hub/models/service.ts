import { type ModelVersion, modelVersions } from "#hub/store/models.js";
import type { Store } from "#hub/store/store.js";
import { ComityError } from "#kernel/errors.js";

/** A named series of model versions, oldest first. */
export interface Model {
  readonly name: string;
  readonly versions: readonly ModelVersion[];
}

/** The registry of models. */
export class Models {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async list(): Promise<Model[]> {
    const series = new Map<string, ModelVersion[]>();
    for (const version of await modelVersions(this.#store.db)) {
      series.set(version.model, [...(series.get(version.model) ?? []), version]);
    }
    return [...series].map(([name, versions]) => ({ name, versions }));
  }

  /** Throws `MODEL_NOT_FOUND`. */
  async get(name: string): Promise<Model> {
    const versions = await modelVersions(this.#store.db, { model: name });
    if (versions.length > 0) return { name, versions };
    throw new ComityError("MODEL_NOT_FOUND", `There is no model ${JSON.stringify(name.slice(0, 80))}.`, {
      hint: "`comity model list` shows the models.",
    });
  }

  /** One version; number 0 is the newest. Throws `MODEL_NOT_FOUND`. */
  async version(name: string, number: number): Promise<ModelVersion> {
    const { versions } = await this.get(name);
    const found = number === 0 ? versions.at(-1) : versions.find(({ version }) => version === number);
    if (found !== undefined) return found;
    throw new ComityError(
      "MODEL_NOT_FOUND",
      `Model ${name} has no version ${number}; its newest is ${versions.length}.`,
    );
  }
}
