import { meanTileBytes, WeightedMean } from "../averaging/weighted-mean.js";
import { AggregationError } from "../errors.js";
import type { LinearStrategy, Summand } from "../strategies/strategy.js";
import { dtypes } from "../tensors/dtypes.js";
import type { Groups } from "../tensors/groups.js";
import { overflow, type Place, type Segment, segmentsOf, Tiles } from "./layout.js";
import { checkMaterial, type ServerPlaces, serverPlaces } from "./material.js";
import {
  type FoldMaterial,
  type PassOptions,
  type Piece,
  Rooms,
  type Source,
  TileWriter,
  tileValuesFor,
  ValueReader,
  type WritePass,
} from "./pass.js";

/** What is known of the sum over the answers of one group before a value has been read. */
interface GroupSum {
  readonly summands: readonly Summand[];
  readonly totals: readonly number[];
}

/** The memory of one tile; made when the first tile needs it. */
interface Desk {
  readonly reader: ValueReader;
  readonly rooms: Rooms;
  readonly writer: TileWriter;
}

/**
 * Folds by a linear strategy: each tile is the sum over the answers, in their order, in float64, and what the strategy makes of
 * it, rounded once. Memory is that of some tiles, whatever the model and however many the answers. Throws what does not fit
 * together (`ARGUMENT_INVALID`, `SITES_TOO_FEW`) and, from a tile, `FOLD_OVERFLOW`.
 */
export class LinearPass<Options> implements WritePass {
  readonly outputs: Readonly<Record<string, Groups>>;
  readonly tiles: number;
  readonly #strategy: LinearStrategy<Options>;
  readonly #options: Options;
  readonly #material: FoldMaterial;
  readonly #how: PassOptions;
  /** The group of the model. */
  readonly #main: string;
  readonly #server: ServerPlaces;
  readonly #sums: ReadonlyMap<string, GroupSum>;
  readonly #tiles: Tiles;
  #desk: Desk | undefined;
  #mean: { readonly segment: Segment; readonly mean: WeightedMean } | undefined;

  constructor(
    strategy: LinearStrategy<Options>,
    options: Options,
    material: FoldMaterial,
    how: PassOptions = {},
  ) {
    this.#strategy = strategy;
    this.#options = options;
    this.#material = material;
    this.#how = how;
    const { groups, answers, base } = material;
    const { main, model } = checkMaterial(strategy, options, material);
    if (strategy.sums === "difference" && base === undefined && answers.some((answer) => !answer.base))
      throw new AggregationError(
        "ARGUMENT_INVALID",
        `${strategy.name} needs the model that answers were made from.`,
      );
    const server = strategy.server?.(model) ?? {};
    this.#main = main;
    this.#server = serverPlaces(server, groups, main);
    this.outputs = { model: { [main]: model }, ...(Object.keys(server).length > 0 && { server }) };
    this.#sums = new Map(Object.keys(groups).map((group) => [group, this.#sumOf(group)]));
    this.#tiles = new Tiles(segmentsOf(groups), (segment) => this.#valuesOfTile(segment));
    this.tiles = this.#tiles.count;
  }

  tile(index: number): Uint8Array {
    const place = this.#tiles.at(index);
    return this.#isMean(place.segment) ? this.#meanTile(place) : this.#sumTile(place);
  }

  pieces(index: number): readonly Piece[] {
    const { segment, values } = this.#tiles.at(index);
    const { group, dtype } = segment;
    const kept = this.#server
      .keptBy(group)
      .map((name) => ({ output: "server", group: name, bytes: 8 * values }));
    return group === this.#main
      ? [{ output: "model", group, bytes: values * dtypes[dtype].bytes }, ...kept]
      : kept;
  }

  #sumOf(group: string): GroupSum {
    const { answers } = this.#material;
    const { name } = this.#strategy;
    const summands = answers.map((answer) => this.#strategy.summand(this.#options, answer, group));
    const totals = [0];
    for (const [index, { scale, extras }] of summands.entries()) {
      if (!(scale >= 0 && scale <= Number.MAX_SAFE_INTEGER)) {
        const text = `Weight ${index} of ${name} is ${scale}: it must lie between 0 and 2^53.`;
        throw new AggregationError("ARGUMENT_INVALID", text, { index });
      }
      for (const [at, value] of [scale, ...extras].entries()) totals[at] = (totals[at] ?? 0) + value;
    }
    if (!((totals[0] ?? 0) > 0)) {
      const text = `${name} needs at least one weight above 0; there are ${answers.length} answers.`;
      throw new AggregationError("ARGUMENT_INVALID", text);
    }
    return { summands, totals };
  }

  /** Whether a segment takes the short way: the same bits, some times faster. */
  #isMean({ group, dtype }: Segment): boolean {
    return this.#strategy.mean === true && dtype === "F32" && group === this.#main;
  }

  #valuesOfTile(segment: Segment): number {
    if (this.#how.tileValues !== undefined) return this.#how.tileValues;
    if (this.#isMean(segment)) return meanTileBytes(this.#material.answers.length, 4 * segment.values) / 4;
    const model = segment.group === this.#main ? dtypes[segment.dtype].bytes : 0;
    return tileValuesFor(model + 8 * this.#server.keptBy(segment.group).length);
  }

  #meanTile({ segment, from }: Place): Uint8Array {
    const tileBytes = 4 * this.#valuesOfTile(segment);
    if (this.#mean?.segment !== segment) {
      const { summands } = this.#sumsOf(segment.group);
      const inputs = this.#material.answers.map(({ source }, at) => ({
        weight: summands[at]?.scale ?? 0,
        read: (target: Uint8Array, offset: number) => source.read(target, segment.offset + offset),
      }));
      const { kernels } = this.#how;
      const options = { tileBytes, ...(kernels !== undefined && { kernels }) };
      this.#mean = { segment, mean: new WeightedMean(inputs, 4 * segment.values, options) };
    }
    return this.#mean.mean.tile((4 * from) / tileBytes);
  }

  #sumTile(place: Place): Uint8Array {
    const { group, dtype, first } = place.segment;
    const { values } = place;
    const { rooms, reader, writer } = (this.#desk ??= this.#makeDesk());
    const { sites, population, server: kept } = this.#material;
    const base = this.#baseOf(place, this.#material.base, rooms.take("base", values));
    const sum = this.#sum(place, base);
    const server: Record<string, Float64Array> = {};
    const out: Record<string, Float64Array> = {};
    if (group === this.#main) out[group] = rooms.take("model", values);
    for (const name of this.#server.keptBy(group)) {
      const was = (server[name] = rooms.take(`was ${name}`, values));
      out[name] = rooms.take(`is ${name}`, values);
      if (kept === undefined) was.fill(0);
      else reader.read(kept, "F64", this.#server.offsetOf(name) + 8 * (first + place.from), was);
    }
    const { totals } = this.#sumsOf(group);
    const tile = { group, sum, totals, base, server, first: kept === undefined, out, sites, population };
    this.#strategy.finish(this.#options, tile);
    writer.begin();
    for (const [name, made] of Object.entries(out)) {
      const bad = writer.write(name === this.#main ? dtype : "F64", made);
      if (bad >= 0) throw overflow(this.#specsOf(name), first + place.from + bad);
    }
    return writer.tile();
  }

  /** Sum over the answers of scale times value, or times difference. */
  #sum(place: Place, base: Float64Array): Float64Array {
    const { segment, values } = place;
    const { rooms } = (this.#desk ??= this.#makeDesk());
    const differs = this.#strategy.sums === "difference" && segment.group === this.#main;
    // A sum starts at -0: adding to it changes no number, while 0 would turn a -0 into 0.
    const sum = rooms.take("sum", values).fill(-0);
    const update = rooms.take("update", values);
    const { summands } = this.#sumsOf(segment.group);
    for (const [at, answer] of this.#material.answers.entries()) {
      this.#read(place, answer.source, update);
      const scale = summands[at]?.scale ?? 0;
      if (!differs) addScaled(sum, scale, update);
      else if (answer.base === undefined) addDifference(sum, scale, update, base);
      else {
        const own = this.#baseOf(place, answer.base, rooms.take("own", values));
        addDifference(sum, scale, update, own);
      }
    }
    return sum;
  }

  #read({ segment, from }: Place, source: Source, into: Float64Array): void {
    const { reader } = (this.#desk ??= this.#makeDesk());
    reader.read(source, segment.dtype, segment.offset + from * dtypes[segment.dtype].bytes, into);
  }

  /** The model's tile, which lies in its blob where it lies in an answer; zeros for another group. */
  #baseOf(place: Place, source: Source | undefined, into: Float64Array): Float64Array {
    if (source === undefined || place.segment.group !== this.#main) into.fill(0);
    else this.#read(place, source, into);
    return into;
  }

  #sumsOf(group: string): GroupSum {
    return this.#sums.get(group) ?? { summands: [], totals: [] };
  }

  #specsOf(name: string) {
    return this.outputs["model"]?.[name] ?? this.outputs["server"]?.[name] ?? [];
  }

  #makeDesk(): Desk {
    const values = this.#tiles.mostValues;
    const outputs = Object.values(this.outputs).flatMap(Object.keys).length;
    return {
      reader: new ValueReader(values),
      rooms: new Rooms(values),
      writer: new TileWriter(values, outputs),
    };
  }
}

function addScaled(sum: Float64Array, scale: number, values: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + scale * (values[i] ?? 0);
}

function addDifference(sum: Float64Array, scale: number, values: Float64Array, base: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + scale * ((values[i] ?? 0) - (base[i] ?? 0));
}
