import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { WeightedMean } from "#aggregation/averaging/weighted-mean.js";
import { createKernels } from "#aggregation/kernels/kernels.js";
import type { Kernels } from "#aggregation/kernels/model.js";
import { initialModelPieces } from "#aggregation/topology/initial-model.js";
import { encodeHeader, headerLength, prefixBytes } from "#aggregation/tensors/safetensors.js";
import { type TensorSpec, totalBytes } from "#aggregation/tensors/spec.js";
import type { Layers } from "#proto/codec/work.js";
import { BlobWriter, type WrittenBlob } from "./blob-writer.js";
import { toFailure } from "./failure.js";
import { TileBoard } from "./tile-board.js";

/** What is to be averaged: update blobs that have been checked, in the order of their site ids. */
export interface AggregateJob {
  readonly inputs: readonly { readonly path: string; readonly weight: number }[];
  readonly tensors: readonly TensorSpec[];
  /** The new model is written here. */
  readonly outPath: string;
}

/** The model that a run begins with. */
export interface InitialiseJob {
  readonly layers: Layers;
  readonly seed: number;
  readonly outPath: string;
}

/** What a thread is told. Several average together over one board; one of them leads: it writes and hashes too. */
export type Order =
  | {
      readonly kind: "aggregate";
      readonly job: AggregateJob;
      readonly board: SharedArrayBuffer;
      readonly leads: boolean;
    }
  | { readonly kind: "initialise"; readonly job: InitialiseJob };

/**
 * Averages the updates tile by tile from their files into a new file; memory is that of some tiles, whatever the model's size.
 * Undefined from a thread that does not lead, and when the work was stopped.
 */
function aggregate(job: AggregateJob, memory: SharedArrayBuffer, leads: boolean): WrittenBlob | undefined {
  const files: number[] = [];
  let writer: BlobWriter | undefined;
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
    const mean = new WeightedMean(inputs, totalBytes(job.tensors), { kernels: keptKernels });
    const board = new TileBoard(memory);
    if (!leads) {
      board.work(mean);
      return undefined;
    }
    const writing = new BlobWriter(job.outPath);
    writer = writing;
    writing.write(encodeHeader(job.tensors));
    return board.work(mean, (tile) => writing.write(tile)) ? writing.finish() : undefined;
  } finally {
    for (const file of files) closeSync(file);
    writer?.close();
  }
}

let kept: Kernels | undefined;

/** The same memory for one mean after the other: it would be long until a new one for each is collected. */
function keptKernels(memoryBytes: number): Kernels {
  if (kept === undefined || kept.bytes.length < memoryBytes) kept = createKernels(memoryBytes);
  return kept;
}

/** Makes the initial model from the seed. */
function initialise(job: InitialiseJob): WrittenBlob {
  const writer = new BlobWriter(job.outPath);
  try {
    for (const piece of initialModelPieces(job.layers, job.seed)) writer.write(piece);
    return writer.finish();
  } finally {
    writer.close();
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

function follow(order: Order): WrittenBlob | undefined {
  return order.kind === "aggregate" ? aggregate(order.job, order.board, order.leads) : initialise(order.job);
}

parentPort?.on("message", ({ id, order }: { id: number; order: Order }) => {
  try {
    parentPort?.postMessage({ id, result: follow(order) });
  } catch (error) {
    parentPort?.postMessage({ id, failure: toFailure(error) });
  }
});
