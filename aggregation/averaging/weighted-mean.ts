import { AggregationError } from "../errors.js";
import { createKernels, type Kernels } from "../kernels/kernels.js";

/** One summand: its weight, and a way to its bytes. */
export interface MeanInput {
  /** From 0 to 2^53: the rows that it stands for. */
  readonly weight: number;
  /**
   * Fills the whole of `target` with the values' bytes from `offsetBytes` on (0 is the first byte after the blob's header),
   * or throws. `target` must not be kept.
   */
  read(target: Uint8Array, offsetBytes: number): void | Promise<void>;
}

export interface MeanOptions {
  /** Bytes read from one input at a time. The memory needed is three times this. */
  readonly tileBytes?: number;
  /** Makes the kernels; for tests of the fallback. */
  readonly kernels?: (memoryBytes: number) => Kernels;
}

/** Tile and sums together (three times this) fit into a core's second-level cache. */
const defaultTileBytes = 256 * 1024;

/**
 * The mean of float32 values weighted by `weight` (federated averaging, McMahan et al. 2017, arXiv 1602.05629), out of core:
 * tile by tile, in each tile input by input, float64 sums, one division, one rounding to float32.
 *
 * The same inputs in the same order give the same bits; the caller sorts them (by site id). The memory needed depends neither on the number of inputs
 * nor on `totalBytes` (the bytes of one input's values, a multiple of 4). `write` gets the tiles of the mean in order and must not keep them.
 * It awaits only what `read` and `write` return: with synchronous ones it runs through without a pause.
 * Throws `ARGUMENT_INVALID`; what `read` and `write` throw passes through. The inputs must be finite: see `UpdateChecker`.
 */
export async function weightedMean(
  inputs: readonly MeanInput[],
  totalBytes: number,
  write: (tile: Uint8Array, offsetBytes: number) => void | Promise<void>,
  options: MeanOptions = {},
): Promise<void> {
  const total = totalWeight(inputs);
  if (!Number.isSafeInteger(totalBytes) || totalBytes < 0 || totalBytes % 4 !== 0) {
    throw new AggregationError(
      "ARGUMENT_INVALID",
      `The values take ${totalBytes} bytes: it must be a multiple of 4.`,
    );
  }
  if (totalBytes === 0) return;
  const tileBytes = Math.min(
    checkedTileBytes(options.tileBytes ?? defaultTileBytes),
    Math.ceil(totalBytes / 8) * 8,
  );
  const kernels = (options.kernels ?? createKernels)(tileBytes * 3);
  const valuesAt = 0;
  const sumsAt = tileBytes;
  for (let offset = 0; offset < totalBytes; offset += tileBytes) {
    const tile = kernels.bytes.subarray(valuesAt, valuesAt + Math.min(tileBytes, totalBytes - offset));
    const n = tile.length / 4;
    for (const [place, input] of inputs.entries()) {
      const reading = input.read(tile, offset);
      if (reading !== undefined) await reading;
      if (place === 0) kernels.begin(sumsAt, valuesAt, n, input.weight);
      else kernels.fold(sumsAt, valuesAt, n, input.weight);
    }
    kernels.finish(valuesAt, sumsAt, n, total);
    const writing = write(tile, offset);
    if (writing !== undefined) await writing;
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
    `A mean needs at least one weight above 0; the ${inputs.length} weights sum to ${total}.`,
  );
}

function checkedTileBytes(tileBytes: number): number {
  if (Number.isSafeInteger(tileBytes) && tileBytes >= 8 && tileBytes % 8 === 0 && tileBytes <= 1 << 28)
    return tileBytes;
  throw new AggregationError(
    "ARGUMENT_INVALID",
    `tileBytes is ${tileBytes}: it must be a multiple of 8, at most 256 MiB.`,
  );
}
