import { AggregationError } from "../errors.js";
import { createKernels } from "../kernels/kernels.js";
import type { Kernels, MeanPlaces } from "../kernels/model.js";

/** One summand: its weight, and a way to its bytes. */
export interface MeanInput {
  /** From 0 to 2^53: the rows that it stands for. */
  readonly weight: number;
  /**
   * Fills the whole of `target` with the values' bytes from `offsetBytes` on (0 is the first byte after the blob's header),
   * or throws. `target` must not be kept.
   */
  read(target: Uint8Array, offsetBytes: number): void;
}

export interface MeanOptions {
  /** Bytes of a tile, a multiple of 64; for tests. */
  readonly tileBytes?: number;
  /** Makes the kernels; for tests of the fallback. */
  readonly kernels?: (memoryBytes: number) => Kernels;
}

/** Bytes of a tile at most. Measured: smaller tiles cost more calls to read them, larger ones leave the cache. */
export const largestTileBytes = 256 * 1024;
const smallestTileBytes = 32 * 1024;
/** Bytes for the tiles of all inputs, while there are not too many. */
const inputsBytes = 4 << 20;
/** Sixteen values: what the kernel takes at a time. */
const stepBytes = 64;
/** Between the tiles of two inputs: were they a multiple of 4 KiB apart, they would push each other out of the cache. */
const gapBytes = 9 * 64;

/**
 * Bytes of a tile for so many inputs of so many bytes: all their tiles together have 4 MiB, from 128 inputs on 32 KiB each;
 * never more than the inputs themselves.
 */
export function meanTileBytes(inputs: number, totalBytes: number): number {
  const share = Math.floor(inputsBytes / Math.max(1, inputs) / stepBytes) * stepBytes;
  const whole = Math.max(1, Math.ceil(totalBytes / stepBytes)) * stepBytes;
  return Math.min(largestTileBytes, Math.max(smallestTileBytes, share), whole);
}

/**
 * The mean of float32 values weighted by `weight` (federated averaging, McMahan et al. 2017, arXiv 1602.05629), out of core:
 * tile by tile, in any order and by as many threads as there are; float64 sums in the order of the inputs, one division,
 * one rounding to float32.
 *
 * The same inputs in the same order give the same bits, whatever the tiles; the caller sorts them (by site id). The memory
 * needed is a tile for each input and one for the mean, whatever the size of the model: some 4 MiB up to 128 inputs, then
 * 32 KiB for each.
 */
export class WeightedMean {
  /** How many tiles there are. */
  readonly tiles: number;
  readonly tileBytes: number;
  readonly #inputs: readonly MeanInput[];
  readonly #totalBytes: number;
  readonly #totalWeight: number;
  readonly #kernels: Kernels;
  readonly #places: MeanPlaces;

  /**
   * `totalBytes`: the bytes of one input's values, a multiple of 4. The inputs must be finite: see `UpdateChecker`.
   * Throws `ARGUMENT_INVALID`.
   */
  constructor(inputs: readonly MeanInput[], totalBytes: number, options: MeanOptions = {}) {
    this.#inputs = inputs;
    this.#totalWeight = totalWeight(inputs);
    this.#totalBytes = checkedTotalBytes(totalBytes);
    this.tileBytes = checkedTileBytes(options.tileBytes ?? meanTileBytes(inputs.length, totalBytes));
    this.tiles = Math.ceil(totalBytes / this.tileBytes);
    const stride = this.tileBytes + gapBytes;
    const out = inputs.length * stride;
    this.#places = { out, values: 0, stride, weights: out + stride, count: inputs.length };
    this.#kernels = (options.kernels ?? createKernels)(out + stride + 8 * inputs.length);
    const weights = inputs.map(({ weight }) => weight);
    new Float64Array(this.#kernels.bytes.buffer, this.#places.weights, inputs.length).set(weights);
  }

  /**
   * The bytes of tile number `index` (from 0), which begins at `index * tileBytes`; good until the next call.
   * What `read` throws passes through.
   */
  tile(index: number): Uint8Array {
    const offset = index * this.tileBytes;
    const length = Math.min(this.tileBytes, this.#totalBytes - offset);
    const { bytes } = this.#kernels;
    const { out, stride } = this.#places;
    for (const [place, input] of this.#inputs.entries())
      input.read(bytes.subarray(place * stride, place * stride + length), offset);
    this.#kernels.mean(this.#places, length / 4, this.#totalWeight);
    return bytes.subarray(out, out + length);
  }
}

function totalWeight(inputs: readonly MeanInput[]): number {
  let total = 0;
  for (const [index, { weight }] of inputs.entries()) {
    if (!(weight >= 0 && weight <= Number.MAX_SAFE_INTEGER)) {
      throw new AggregationError(
        "ARGUMENT_INVALID",
        `Weight ${index} is ${weight}: it must lie between 0 and 2^53.`,
        { index },
      );
    }
    total += weight;
  }
  if (total > 0) return total;
  throw new AggregationError(
    "ARGUMENT_INVALID",
    `A mean needs at least one weight above 0; there are ${inputs.length} inputs.`,
  );
}

function checkedTotalBytes(totalBytes: number): number {
  if (Number.isSafeInteger(totalBytes) && totalBytes >= 0 && totalBytes % 4 === 0) return totalBytes;
  throw new AggregationError("ARGUMENT_INVALID", `totalBytes is ${totalBytes}: it must be a multiple of 4.`);
}

function checkedTileBytes(tileBytes: number): number {
  if (Number.isSafeInteger(tileBytes) && tileBytes > 0 && tileBytes % stepBytes === 0 && tileBytes <= 1 << 28)
    return tileBytes;
  throw new AggregationError(
    "ARGUMENT_INVALID",
    `tileBytes is ${tileBytes}: it must be a multiple of ${stepBytes}, at most 256 MiB.`,
  );
}
