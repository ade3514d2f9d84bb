import { renameSync, writeFileSync } from "node:fs";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import type { Layers } from "#proto/codec/work.js";
import type { FoldDone, FoldJob } from "./job.js";
import { FoldPool } from "./pool.js";

/** What is to be averaged: update blobs that have been checked, in the order of their site ids. */
interface AggregateJob {
  readonly inputs: readonly { readonly path: string; readonly weight: number }[];
  readonly tensors: readonly TensorSpec[];
  /** The new model is written here. */
  readonly outPath: string;
}

/** The model that a run begins with. */
interface InitialiseJob {
  readonly layers: Layers;
  readonly seed: number;
  readonly outPath: string;
}

/** A blob that has been written; its bytes are not synced yet: that is for whoever makes it count. */
interface WrittenBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** The two folds of rounds, each into a file. */
export class Aggregator {
  readonly #pool = new FoldPool();

  /** Starts the threads before they are needed. */
  warm(): this {
    this.#pool.warm();
    return this;
  }

  /** The weighted mean of update files, written to a new file. One after the other: all threads work on one. */
  async aggregate({ inputs, tensors, outPath }: AggregateJob): Promise<WrittenBlob> {
    const answers = inputs.map(({ path, weight }) => ({
      samples: weight,
      figures: {},
      stale: 0,
      bytes: { path },
      value: null,
    }));
    const sites = inputs.length;
    const job = { folder: "fedavg", options: {}, answers, groups: { model: tensors }, sites, outPath };
    return this.#fold({ ...job, with: {}, population: sites });
  }

  /** The model that a run begins with, written to a new file. */
  async initialise({ layers, seed, outPath }: InitialiseJob): Promise<WrittenBlob> {
    const options = JSON.parse(JSON.stringify({ layers, seed })) as FoldJob["options"];
    const job = { folder: "model.initial", options, answers: [], groups: {}, with: {}, sites: 0, outPath };
    return this.#fold({ ...job, population: 0 });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #fold(job: FoldJob): Promise<WrittenBlob> {
    return moved(await this.#pool.fold(job), job.outPath);
  }
}

function moved({ blobs: { model } }: FoldDone, outPath: string): WrittenBlob {
  if (model === undefined) throw new Error("The fold has made no model.");
  if ("path" in model) renameSync(model.path, outPath);
  else writeFileSync(outPath, model.inline, { mode: 0o600 });
  return model;
}
