import { largestTileBytes } from "../averaging/weighted-mean.js";
import type { EachStrategy } from "../strategies/strategy.js";
import { dtypes } from "../tensors/dtypes.js";
import type { Groups } from "../tensors/groups.js";
import { overflow, type Place, type Segment, segmentsOf, Tiles } from "./layout.js";
import { checkMaterial } from "./material.js";
import {
  type FoldMaterial,
  type PassOptions,
  type Piece,
  Rooms,
  TileWriter,
  tileValuesFor,
  ValueReader,
  type WritePass,
} from "./pass.js";

/** Bytes for the tiles of all answers, while there are not too many. */
const answersBytes = 8 << 20;
/** Values that a part of the measure is of: with others, the sums of parts would be others. */
const blockValues = 4096;

/** Values of a tile of so many answers: at least a block, so that each read is worth its call. */
function valuesFor(answers: number, most: number): number {
  const share = Math.floor(answersBytes / 8 / Math.max(1, answers) / blockValues) * blockValues;
  return Math.max(blockValues, Math.min(share, most));
}

/** Reads the tiles of all answers and of the model. */
class Columns {
  readonly #material: FoldMaterial;
  readonly #reader: ValueReader;
  readonly rooms: Rooms;

  constructor(material: FoldMaterial, values: number) {
    this.#material = material;
    this.#reader = new ValueReader(values);
    this.rooms = new Rooms(values);
  }

  read({ segment, from, values }: Place): { updates: Float64Array[]; base: Float64Array } {
    const { dtype } = segment;
    const offset = segment.offset + from * dtypes[dtype].bytes;
    const updates = this.#material.answers.map(({ source }, at) => {
      const update = this.rooms.take(`update ${at}`, values);
      this.#reader.read(source, dtype, offset, update);
      return update;
    });
    const base = this.rooms.take("base", values);
    if (this.#material.base === undefined) base.fill(0);
    else this.#reader.read(this.#material.base, dtype, offset, base);
    return { updates, base };
  }
}

/**
 * The pass of a strategy that looks at every answer by itself which writes the model. Memory is a tile of every answer, whatever
 * the model. Throws what does not fit together (`ARGUMENT_INVALID`, `SITES_TOO_FEW`) and, from a tile, `FOLD_OVERFLOW`.
 */
export class EachPass<Options, Decision> implements WritePass {
  readonly outputs: Readonly<Record<string, Groups>>;
  readonly tiles: number;
  readonly #strategy: EachStrategy<Options, Decision>;
  readonly #options: Options;
  readonly #decision: Decision;
  readonly #tiles: Tiles;
  readonly #columns: Columns;
  readonly #writer: TileWriter;

  constructor(
    strategy: EachStrategy<Options, Decision>,
    options: Options,
    decision: Decision,
    material: FoldMaterial,
    how: PassOptions = {},
  ) {
    const { main, model } = checkMaterial(strategy, options, material);
    this.#strategy = strategy;
    this.#options = options;
    this.#decision = decision;
    this.outputs = { model: { [main]: model } };
    const most = how.tileValues ?? valuesFor(material.answers.length, tileValuesFor(8));
    this.#tiles = new Tiles(segmentsOf(material.groups), () => most);
    this.tiles = this.#tiles.count;
    this.#columns = new Columns(material, this.#tiles.mostValues);
    this.#writer = new TileWriter(this.#tiles.mostValues);
  }

  tile(index: number): Uint8Array {
    const place = this.#tiles.at(index);
    const { group, dtype, first } = place.segment;
    const out = this.#columns.rooms.take("out", place.values);
    const tile = { group, ...this.#columns.read(place), out };
    this.#strategy.tile(this.#options, tile, this.#decision);
    this.#writer.begin();
    const bad = this.#writer.write(dtype, out);
    if (bad >= 0) throw overflow(this.outputs["model"]?.[group] ?? [], first + place.from + bad);
    return this.#writer.tile();
  }

  pieces(index: number): readonly Piece[] {
    const { segment, values } = this.#tiles.at(index);
    return [{ output: "model", group: segment.group, bytes: values * dtypes[segment.dtype].bytes }];
  }
}

/**
 * The pass of such a strategy that measures. A tile is the parts of some blocks of 4,096 values, in float64: they are added up in
 * the order of the blocks, however many a tile has. Whole numbers are not measured: a counter is no direction.
 */
export class MeasurePass<Options, Decision> {
  readonly tiles: number;
  /** Bytes of a tile at most; beyond {@link largestTileBytes} when there are very many answers. */
  readonly tileBytes: number;
  /** The parts that have been added up. */
  readonly measured: Float64Array;
  readonly #strategy: EachStrategy<Options, Decision>;
  readonly #options: Options;
  readonly #before: Decision | undefined;
  readonly #tiles: Tiles;
  readonly #columns: Columns;
  readonly #parts: Float64Array;

  /** `before`: what the pass before has decided. `how.tileValues` is rounded up to whole blocks. */
  constructor(
    strategy: EachStrategy<Options, Decision>,
    options: Options,
    before: Decision | undefined,
    material: FoldMaterial,
    how: PassOptions = {},
  ) {
    checkMaterial(strategy, options, material);
    this.#strategy = strategy;
    this.#options = options;
    this.#before = before;
    const width = strategy.measure?.width(material.answers.length) ?? 0;
    const fit = Math.floor(largestTileBytes / 8 / Math.max(1, width)) * blockValues;
    const wanted = how.tileValues ?? Math.min(fit, valuesFor(material.answers.length, 16 * blockValues));
    const most = Math.max(1, Math.ceil(wanted / blockValues)) * blockValues;
    const measured = (segment: Segment) => !dtypes[segment.dtype].integer;
    this.#tiles = new Tiles(segmentsOf(material.groups).filter(measured), () => most);
    this.tiles = width === 0 ? 0 : this.#tiles.count;
    this.measured = new Float64Array(width);
    this.#columns = new Columns(material, this.#tiles.mostValues);
    this.#parts = new Float64Array(Math.ceil(this.#tiles.mostValues / blockValues) * width);
    this.tileBytes = this.#parts.byteLength;
  }

  /** The bytes of a tile; good until the next call. */
  tile(index: number): Uint8Array {
    const place = this.#tiles.at(index);
    const { updates, base } = this.#columns.read(place);
    const width = this.measured.length;
    let block = 0;
    for (let from = 0; from < place.values; from += blockValues, block++) {
      const to = Math.min(from + blockValues, place.values);
      const tile = {
        group: place.segment.group,
        updates: updates.map((update) => update.subarray(from, to)),
        base: base.subarray(from, to),
        out: this.#columns.rooms.take("out", to - from),
      };
      const into = this.#parts.subarray(block * width, (block + 1) * width).fill(0);
      this.#strategy.measure?.tile(this.#options, tile, this.#before, into);
    }
    return new Uint8Array(this.#parts.buffer, 0, 8 * width * block);
  }

  /** Adds the parts of a tile; the tiles must come in order. */
  add(tile: Uint8Array): void {
    const width = this.measured.length;
    const parts = new Float64Array(tile.slice().buffer);
    for (let at = 0; at < parts.length; at++)
      this.measured[at % width] = (this.measured[at % width] ?? 0) + (parts[at] ?? 0);
  }
}
