import { largestTileBytes } from "../averaging/weighted-mean.js";
import type { Kernels } from "../kernels/model.js";
import type { AnswerFacts } from "../strategies/strategy.js";
import { type Dtype, dtypes } from "../tensors/dtypes.js";
import type { Groups } from "../tensors/groups.js";
import { ValueRoom } from "../tensors/values.js";

/** A way to the bytes of a blob's values. */
export interface Source {
  /**
   * Fills the whole of `target` with the values' bytes from `offsetBytes` on (0 is the first byte after the blob's header),
   * or throws. `target` must not be kept.
   */
  read(target: Uint8Array, offsetBytes: number): void;
}

/** One answer of a fold: what is known of it, and its tensors. */
export interface FoldedAnswer extends AnswerFacts {
  readonly source: Source;
  /** The model that it was made from, where that is not the one of all. */
  readonly base?: Source;
}

/** What a strategy folds. The order of the answers is that of all additions. */
export interface FoldMaterial {
  /** The tensors of every answer, by group; the first is the model. */
  readonly groups: Groups;
  readonly answers: readonly FoldedAnswer[];
  /** The model that the round began with. */
  readonly base: Source | undefined;
  /** What the server has kept, undefined at first. */
  readonly server: Source | undefined;
  /** Answers in the fold, and sites that could have given one. */
  readonly sites: number;
  readonly population: number;
}

/** For whoever folds; nothing of it changes the result. */
export interface PassOptions {
  /** Makes the kernels. */
  readonly kernels?: (memoryBytes: number) => Kernels;
  /** Values of a tile, a multiple of 16; for tests. */
  readonly tileValues?: number;
}

/** Some of a tile's bytes, and the group of an output that they belong to. */
export interface Piece {
  readonly output: string;
  readonly group: string;
  readonly bytes: number;
}

/** A pass over all answers that makes outputs. Its tiles can be made in any order, by several threads, and are used in order. */
export interface WritePass {
  /** Blobs that it makes, by name, and their tensors. */
  readonly outputs: Readonly<Record<string, Groups>>;
  readonly tiles: number;
  /** The bytes of a tile; good until the next call. */
  tile(index: number): Uint8Array;
  /** What the bytes of a tile are, one after the other. Within a group they follow those of the tile before. */
  pieces(index: number): readonly Piece[];
}

/** Values of a tile at most. */
const mostTileValues = 64 * 1024;
/** What the kernels take at a time. */
const step = 16;

/** Values of a tile of which each gives so many bytes. */
export function tileValuesFor(bytesEach: number): number {
  return Math.min(mostTileValues, Math.floor(largestTileBytes / bytesEach / step) * step);
}

/** Reads values of any type as float64. */
export class ValueReader {
  readonly #room: ValueRoom;

  /** `values`: how many it reads at a time at most. */
  constructor(values: number) {
    this.#room = new ValueRoom(values);
  }

  /** As many values as `into` holds, from a byte on. */
  read(source: Source, dtype: Dtype, offsetBytes: number, into: Float64Array): void {
    source.read(this.#room.part(dtype, into.length), offsetBytes);
    this.#room.read(dtype, into);
  }
}

/** Puts values of any type, rounded once, one after the other into the bytes of a tile. */
export class TileWriter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #room: ValueRoom;
  #length = 0;

  /** `values`: how many it takes at a time at most; `times`: how often in a tile. */
  constructor(values: number, times = 1) {
    this.bytes = new Uint8Array(8 * values * times);
    this.#room = new ValueRoom(values);
  }

  begin(): void {
    this.#length = 0;
  }

  /** The place of the first value that the type cannot hold, or -1. */
  write(dtype: Dtype, values: Float64Array): number {
    const place = this.#room.write(dtype, values);
    this.bytes.set(this.#room.part(dtype, values.length), this.#length);
    this.#length += values.length * dtypes[dtype].bytes;
    return place;
  }

  tile(): Uint8Array {
    return this.bytes.subarray(0, this.#length);
  }
}

/** Rooms for the values of one tile, by name, each made once. */
export class Rooms {
  readonly #values: number;
  readonly #rooms = new Map<string, Float64Array>();

  constructor(values: number) {
    this.#values = values;
  }

  /** The first `n` values of a room; what is in them is left from before. */
  take(name: string, n: number): Float64Array {
    let room = this.#rooms.get(name);
    if (room === undefined) this.#rooms.set(name, (room = new Float64Array(this.#values)));
    return room.subarray(0, n);
  }
}
