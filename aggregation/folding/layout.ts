import { AggregationError, quoted } from "../errors.js";
import { type Dtype, dtypes } from "../tensors/dtypes.js";
import type { Groups } from "../tensors/groups.js";
import { elementCount, type TensorSpec } from "../tensors/spec.js";

/** Values of one type that lie one after the other in a blob, over as many tensors of a group as there are. */
export interface Segment {
  readonly group: string;
  readonly dtype: Dtype;
  /** Its first byte, counted from the first byte after the header of a blob with all groups. */
  readonly offset: number;
  /** Its first value, counted from the first of the group. */
  readonly first: number;
  /** How many, above 0. */
  readonly values: number;
}

/** Where a tile lies: in the segment, from which value of it on, how many. */
export interface Place {
  readonly segment: Segment;
  readonly from: number;
  readonly values: number;
}

/** The segments of a blob in the order of its bytes. */
export function segmentsOf(groups: Groups): Segment[] {
  const segments: Segment[] = [];
  let offset = 0;
  for (const [group, specs] of Object.entries(groups)) {
    let first = 0;
    for (const spec of specs) {
      const values = elementCount(spec);
      if (values === 0) continue;
      const last = segments.at(-1);
      if (last?.group === group && last.dtype === spec.dtype) {
        segments[segments.length - 1] = { ...last, values: last.values + values };
      } else segments.push({ group, dtype: spec.dtype, offset, first, values });
      first += values;
      offset += values * dtypes[spec.dtype].bytes;
    }
  }
  return segments;
}

/** How many values a group has. */
export const valuesOf = (specs: readonly TensorSpec[]): number =>
  specs.reduce((sum, spec) => sum + elementCount(spec), 0);

/** Segments cut into tiles, numbered from 0 in the order of the bytes. No tile lies in two segments. */
export class Tiles {
  readonly count: number;
  /** The values of the largest tile. */
  readonly mostValues: number;
  readonly #segments: readonly { readonly segment: Segment; readonly tile: number; readonly begin: number }[];

  /** `valuesOfTile`: how many values a full tile of a segment has. */
  constructor(segments: readonly Segment[], valuesOfTile: (segment: Segment) => number) {
    let [begin, most] = [0, 0];
    this.#segments = segments.map((segment) => {
      const one = { segment, tile: valuesOfTile(segment), begin };
      begin += Math.ceil(segment.values / one.tile);
      most = Math.max(most, Math.min(one.tile, segment.values));
      return one;
    });
    this.count = begin;
    this.mostValues = most;
  }

  at(index: number): Place {
    const one = this.#segments.findLast(({ begin }) => begin <= index);
    if (one === undefined) throw new AggregationError("ARGUMENT_INVALID", `There is no tile ${index}.`);
    const { segment, tile, begin } = one;
    const from = (index - begin) * tile;
    return { segment, from, values: Math.min(tile, segment.values - from) };
  }
}

/** The tensor that a value is of, counted from the first of the group, and its place within it. */
export function tensorAt(
  specs: readonly TensorSpec[],
  at: number,
): { readonly name: string; readonly dtype: Dtype; readonly index: number } {
  let first = 0;
  for (const spec of specs) {
    const next = first + elementCount(spec);
    if (at < next) return { name: spec.name, dtype: spec.dtype, index: at - first };
    first = next;
  }
  throw new AggregationError("ARGUMENT_INVALID", `There is no value ${at}.`);
}

/** What a fold fails with whose result its type cannot hold; `at` as in {@link tensorAt}. */
export function overflow(specs: readonly TensorSpec[], at: number): AggregationError {
  const { name, dtype, index } = tensorAt(specs, at);
  return new AggregationError(
    "FOLD_OVERFLOW",
    `Tensor ${quoted(name)} would hold a number at place ${index} (from 0) that ${dtype} cannot.`,
    { tensor: name, index },
  );
}
