import { AggregationError, quoted } from "../errors.js";
import { dtypes } from "../tensors/dtypes.js";
import type { Groups } from "../tensors/groups.js";
import type { TensorSpec } from "../tensors/spec.js";
import { overflow, type Place, segmentsOf, Tiles, tensorAt } from "./layout.js";
import {
  type Piece,
  Rooms,
  type Source,
  TileWriter,
  tileValuesFor,
  ValueReader,
  type WritePass,
} from "./pass.js";

/** More answers than this could make the sum of their halves inexact. */
const mostAnswers = 2 ** 20;

/**
 * The sum of one group over all answers, value by value. Whole numbers add up exactly, whatever their order, to `I64`; others in
 * float64 in the order of the answers, to `F64`. Throws `ARGUMENT_INVALID` without that group and, from a tile, `FOLD_OVERFLOW`.
 */
export class SumPass implements WritePass {
  readonly outputs: Readonly<Record<string, Groups>>;
  readonly tiles: number;
  readonly #sources: readonly Source[];
  readonly #group: string;
  readonly #specs: readonly TensorSpec[];
  readonly #tiles: Tiles;
  readonly #reader: ValueReader;
  readonly #rooms: Rooms;
  readonly #writer: TileWriter;
  readonly #whole: { readonly bytes: Uint8Array; readonly low: Uint32Array; readonly high: Int32Array };

  constructor(sources: readonly Source[], groups: Groups, group: string, tileValues = tileValuesFor(8)) {
    const specs = groups[group];
    if (specs === undefined)
      throw new AggregationError("ARGUMENT_INVALID", `The answers have no tensors ${quoted(group)}.`);
    if (sources.length > mostAnswers)
      throw new AggregationError("ARGUMENT_INVALID", `At most ${mostAnswers} answers are summed at once.`);
    this.#sources = sources;
    this.#group = group;
    this.#specs = specs.map((spec) => ({ ...spec, dtype: dtypes[spec.dtype].integer ? "I64" : "F64" }));
    this.outputs = { [group]: { [group]: this.#specs } };
    this.#tiles = new Tiles(
      segmentsOf(groups).filter((segment) => segment.group === group),
      () => tileValues,
    );
    this.tiles = this.#tiles.count;
    const { mostValues } = this.#tiles;
    this.#reader = new ValueReader(mostValues);
    this.#rooms = new Rooms(mostValues);
    this.#writer = new TileWriter(mostValues);
    const buffer = new ArrayBuffer(8 * mostValues);
    this.#whole = {
      bytes: new Uint8Array(buffer),
      low: new Uint32Array(buffer),
      high: new Int32Array(buffer),
    };
  }

  tile(index: number): Uint8Array {
    const place = this.#tiles.at(index);
    return dtypes[place.segment.dtype].integer ? this.#sumWhole(place) : this.#sumFloats(place);
  }

  pieces(index: number): readonly Piece[] {
    const { values } = this.#tiles.at(index);
    return [{ output: this.#group, group: this.#group, bytes: 8 * values }];
  }

  /** The sums of a tile as numbers. Throws `FOLD_OVERFLOW` for a whole number beyond 2^53, which would be rounded. */
  numbers(tile: Uint8Array, index: number): number[] {
    const { segment, from } = this.#tiles.at(index);
    const { buffer } = tile.slice();
    // A -0 would not come through JSON.
    if (!dtypes[segment.dtype].integer) return Array.from(new Float64Array(buffer), (sum) => sum + 0);
    return Array.from(new BigInt64Array(buffer), (sum, i) => {
      const number = Number(sum);
      if (Number.isSafeInteger(number)) return number;
      const { name, index: place } = tensorAt(this.#specs, segment.first + from + i);
      throw new AggregationError(
        "FOLD_OVERFLOW",
        `The sum of tensor ${quoted(name)} at place ${place} (from 0) is ${sum.toString()}: beyond 2^53 it would be rounded.`,
        { tensor: name, index: place },
      );
    });
  }

  #sumFloats({ segment, from, values }: Place): Uint8Array {
    const sum = this.#rooms.take("sum", values).fill(0);
    const one = this.#rooms.take("one", values);
    for (const source of this.#sources) {
      const { dtype, offset } = segment;
      this.#reader.read(source, dtype, offset + from * dtypes[dtype].bytes, one);
      for (let i = 0; i < values; i++) sum[i] = (sum[i] ?? 0) + (one[i] ?? 0);
    }
    this.#writer.begin();
    const bad = this.#writer.write("F64", sum);
    if (bad >= 0) throw overflow(this.#specs, segment.first + from + bad);
    return this.#writer.tile();
  }

  /** Adds up the halves of the numbers: float64 holds the sums of 2^20 of them exactly, and is many times faster than BigInt. */
  #sumWhole({ segment, from, values }: Place): Uint8Array {
    const { dtype, offset } = segment;
    const width = dtypes[dtype].bytes;
    const { bytes, low, high } = this.#whole;
    const lows = this.#rooms.take("low", values).fill(0);
    const highs = this.#rooms.take("high", values).fill(0);
    for (const source of this.#sources) {
      source.read(bytes.subarray(0, width * values), offset + from * width);
      if (dtype === "I32") for (let i = 0; i < values; i++) lows[i] = (lows[i] ?? 0) + (high[i] ?? 0);
      else {
        for (let i = 0; i < values; i++) {
          lows[i] = (lows[i] ?? 0) + (low[2 * i] ?? 0);
          highs[i] = (highs[i] ?? 0) + (high[2 * i + 1] ?? 0);
        }
      }
    }
    const sums = new BigInt64Array(this.#writer.bytes.buffer, 0, values);
    for (let i = 0; i < values; i++) {
      const sum = BigInt(highs[i] ?? 0) * 2n ** 32n + BigInt(lows[i] ?? 0);
      if (BigInt.asIntN(64, sum) !== sum) throw overflow(this.#specs, segment.first + from + i);
      sums[i] = sum;
    }
    return this.#writer.bytes.subarray(0, 8 * values);
  }
}
