import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { weightedMean } from "#aggregation/averaging/weighted-mean.js";
import { initialModelPieces } from "#aggregation/topology/initial-model.js";
import { encodeHeader, headerLength, prefixBytes } from "#aggregation/tensors/safetensors.js";
import { type TensorSpec, totalBytes } from "#aggregation/tensors/spec.js";
import type { Layers } from "#proto/codec/work.js";
import { type BlobWriter, DirectWriter, ThreadWriter, type WrittenBlob } from "./blob-writer.js";
import { toFailure } from "./failure.js";

/** What is to be averaged: update blobs that have been checked, in the order of their site ids. */
export interface AggregateJob {
  readonly kind: "aggregate";
  readonly inputs: readonly { readonly path: string; readonly weight: number }[];
  readonly tensors: readonly TensorSpec[];
  /** The new model is written here. */
  readonly outPath: string;
}

/** The model that a run begins with. */
export interface InitialiseJob {
  readonly kind: "initialise";
  readonly layers: Layers;
  readonly seed: number;
  readonly outPath: string;
}

export type Job = AggregateJob | InitialiseJob;

/** Averages the updates tile by tile from their files into a new file; memory is a tile's, whatever the model's size or the number of sites. */
async function aggregate(job: AggregateJob): Promise<WrittenBlob> {
  const files: number[] = [];
  try {
    const inputs = job.inputs.map(({ path, weight }) => {
      const file = openSync(path, "r");
      files.push(file);
      const dataOffset = dataOffsetOf(file);
      return {
        weight,
        read: (target: Uint8Array, offset: number) => readWhole(file, target, dataOffset + offset),
      };
    });
    const bytes = totalBytes(job.tensors);
    const writer = writerFor(job.outPath, bytes);
    writer.write(encodeHeader(job.tensors));
    await weightedMean(inputs, bytes, (tile) => writer.write(tile));
    return await writer.finish();
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** Makes the initial model from the seed. */
async function initialise(job: InitialiseJob): Promise<WrittenBlob> {
  const writer = new DirectWriter(job.outPath);
  for (const piece of initialModelPieces(job.layers, job.seed)) writer.write(piece);
  return writer.finish();
}

/** From this size on a second thread writes and hashes while the first one folds. */
const threadFromBytes = 4 << 20;

const writerFor = (path: string, bytes: number): BlobWriter =>
  bytes < threadFromBytes ? new DirectWriter(path) : new ThreadWriter(path);

function dataOffsetOf(file: number): number {
  const prefix = new Uint8Array(prefixBytes);
  readWhole(file, prefix, 0);
  return prefixBytes + headerLength(prefix);
}

function readWhole(file: number, target: Uint8Array, offset: number): void {
  for (let done = 0; done < target.length; ) {
    const bytes = readSync(file, target, done, target.length - done, offset + done);
    if (bytes === 0) throw new Error("An update blob is shorter than its header says.");
    done += bytes;
  }
}

parentPort?.on("message", ({ id, job }: { id: number; job: Job }) => {
  const result = job.kind === "aggregate" ? aggregate(job) : initialise(job);
  result.then(
    (blob) => parentPort?.postMessage({ id, result: blob }),
    (error: unknown) => parentPort?.postMessage({ id, failure: toFailure(error) }),
  );
});
