import { seeded } from "#aggregation/random/random.js";

/** A share of the rows for testing, drawn by a seed. */
interface Split {
  /** Above 0 and below 1. */
  readonly test: number;
  readonly seed: number;
}

/** One flag for each of `count` rows: 1 when it is for testing. The same count and seed give the same rows, for ever. */
export function testRows(count: number, split: Split): Uint8Array {
  const flags = new Uint8Array(count);
  const order = seeded("test rows", split.seed).shuffle(Uint32Array.from(flags.keys()));
  for (const row of order.subarray(0, Math.round(count * split.test))) flags[row] = 1;
  return flags;
}
