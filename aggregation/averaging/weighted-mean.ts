import { AggregationError } from "../errors.js";
import { createKernels, emptySum, type Kernels } from "../kernels/kernels.js";

/** One summand: its weight, and a way to its bytes. */
export interface MeanInput {
  /** From 0 to 2^53: the rows that it stands for. */
  readonly weight: number;
  /**
   * Fills the whole of `target` with the values' bytes from `offsetBytes` on (0 is the first byte after the blob's header),
   * or throws. `target` must not be kept. Two inputs may be read at the same time.
   */
  read(target: Uint8Array, offsetBytes: number): void | Promise<void>;
}

export interface MeanOptions {
  /** Bytes read from one input at a time, a multiple of 32. The memory needed is four times this. */
  readonly tileBytes?: number;
  /** Makes the kernels; for tests of the fallback. */
  readonly kernels?: (memoryBytes: number) => Kernels;
}

/** Measured: smaller tiles cost more calls, larger ones leave the cache. */
const defaultTileBytes = 512 * 1024;
/** Eight values: what the kernels take at a time. */
const stepBytes = 32;

/**
 * The mean of float32 values weighted by `weight` (federated averaging, McMahan et al. 2017, arXiv 1602.05629), out of core:
 * tile by tile, in each tile input by input, float64 sums, one division, one rounding to float32.
 *
 * The same inputs in the same order give the same bits; the caller sorts them (by site id). The memory needed depends
 * neither on the number of inputs nor on `totalBytes` (the bytes of one input's values, a multiple of 4).
 * `write` gets the tiles of the mean in order and must not keep them.
 * Only what `read` and `write` return is awaited: with synchronous ones the whole mean runs without a pause.
 * Throws `ARGUMENT_INVALID`; what `read` and `write` throw passes through. The inputs must be finite: see `UpdateChecker`.
 */
export async function weightedMean(
  inputs: readonly MeanInput[],
  totalBytes: number,
  write: (tile: Uint8Array, offsetBytes: number) => void | Promise<void>,
  options: MeanOptions = {},
): Promise<void> {
  const total = totalWeight(inputs);
  const roundedBytes = Math.ceil(checkedTotalBytes(totalBytes) / stepBytes) * stepBytes;
  if (roundedBytes === 0) return;
  const tileBytes = Math.min(checkedTileBytes(options.tileBytes ?? defaultTileBytes), roundedBytes);
  const kernels = (options.kernels ?? createKernels)(tileBytes * 4);
  const [aAt, bAt, sumsAt] = [0, tileBytes, 2 * tileBytes];
  new Float64Array(kernels.bytes.buffer, sumsAt, tileBytes / 4).fill(emptySum);
  for (let offset = 0; offset < totalBytes; offset += tileBytes) {
    const bytes = Math.min(tileBytes, totalBytes - offset);
    const n = bytes / 4;
    const tileA = kernels.bytes.subarray(aAt, aAt + bytes);
    const tileB = kernels.bytes.subarray(bAt, bAt + bytes);
    for (let place = 0; place < inputs.length; place += 2) {
      const a = inputs[place];
      const b = inputs[place + 1];
      if (a === undefined) break;
      const reading = readBoth(a, tileA, b, tileB, offset);
      if (reading !== undefined) await reading;
      if (b === undefined) kernels.fold(sumsAt, aAt, n, a.weight);
      else kernels.foldTwo(sumsAt, aAt, bAt, n, a.weight, b.weight);
    }
    kernels.finish(aAt, sumsAt, n, total);
    const writing = write(tileA, offset);
    if (writing !== undefined) await writing;
  }
}

/** Reads one tile of one or two inputs, together where they are read asynchronously. */
function readBoth(
  a: MeanInput,
  tileA: Uint8Array,
  b: MeanInput | undefined,
  tileB: Uint8Array,
  offsetBytes: number,
): void | Promise<void> {
  const reading = a.read(tileA, offsetBytes);
  if (reading === undefined) return b?.read(tileB, offsetBytes);
  if (b === undefined) return reading;
  // An async function, so that an error thrown at once by `b` leaves no promise of `a` without its handler.
  return Promise.all([reading, (async () => b.read(tileB, offsetBytes))()]).then(() => undefined);
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
