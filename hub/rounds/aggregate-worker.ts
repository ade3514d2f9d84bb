import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { weightedMean } from "#aggregation/averaging/weighted-mean.js";
import { initialModelPieces } from "#aggregation/topology/initial-model.js";
import { encodeHeader, headerLength, prefixBytes } from "#aggregation/tensors/safetensors.js";
import { type TensorSpec, totalBytes } from "#aggregation/tensors/spec.js";
import type { Layers } from "#proto/codec/work.js";

/** What is to be averaged: update blobs that have been checked, in the order of their site ids. */
export interface AggregateJob {
  readonly kind: "aggregate";
  readonly inputs: readonly { readonly path: string; readonly weight: number }[];
  readonly tensors: readonly TensorSpec[];
  /** The new model is written here, synced. */
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

/** The blob that a job has written. */
export interface JobResult {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Averages the updates tile by tile from their files into a new file; memory is a tile's, whatever the model's size or the number of sites. */
async function aggregate(job: AggregateJob): Promise<JobResult> {
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
    return await writeBlob(job.outPath, async (write) => {
      write(encodeHeader(job.tensors));
      await weightedMean(inputs, totalBytes(job.tensors), write);
    });
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** Makes the initial model from the seed. */
async function initialise(job: InitialiseJob): Promise<JobResult> {
  return writeBlob(job.outPath, (write) => {
    for (const piece of initialModelPieces(job.layers, job.seed)) write(piece);
  });
}

/** Writes a file from its beginning, hashes on the way, and syncs it. */
async function writeBlob(
  path: string,
  produce: (write: (bytes: Uint8Array) => void) => void | Promise<void>,
): Promise<JobResult> {
  const file = openSync(path, "w", 0o600);
  try {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    await produce((bytes) => {
      hash.update(bytes);
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done);
      sizeBytes += bytes.length;
    });
    fsyncSync(file);
    return { sha256: hash.digest("hex"), sizeBytes };
  } finally {
    closeSync(file);
  }
}

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
    // An error keeps its message on the way to the other thread, but not its code.
    (error: unknown) =>
      parentPort?.postMessage({
        id,
        error,
        code: error instanceof Error && "code" in error ? error.code : undefined,
      }),
  );
});
