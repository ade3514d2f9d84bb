import { largestTileBytes } from "#aggregation/averaging/weighted-mean.js";

/** A row of tiles that can be made in any order. A tile is good until the next one is made. */
interface Row {
  readonly tiles: number;
  tile(index: number): Uint8Array;
}

/** Tiles that may be made before the first of them has been used. */
const slots = 8;
/** Places in the control block, one int32 each: tiles that somebody has taken to make, tiles that have been used. Both go up. */
const taken = 0;
const used = 1;
const stopped = 2;
/** Goes up with every tile made or used, so that whoever waits for it misses nothing. */
const changes = 3;
/** From here on, for each slot: the bytes of the tile in it, 0 while there is none. */
const lengths = 4;
const controlBytes = 4 * (lengths + slots);

/**
 * Where threads share the making of a row of tiles, in shared memory: each takes the next tile that nobody has. One of the
 * threads uses the tiles in order, and makes tiles itself while the next one is not there. They wait for each other without
 * an event loop. Memory is eight tiles, however long the row is.
 */
export class TileBoard {
  readonly memory: SharedArrayBuffer;
  readonly #control: Int32Array;

  constructor(memory = new SharedArrayBuffer(controlBytes + slots * largestTileBytes)) {
    this.memory = memory;
    this.#control = new Int32Array(memory, 0, controlBytes / 4);
  }

  /** Makes the board ready for the next row, when all threads have left the last one. */
  clear(): void {
    this.#control.fill(0);
  }

  /**
   * Makes tiles of the row, the same one in all threads, until none is left to take. The thread that also uses them gives `use`
   * and stays until all are used; there must be one such thread. False when the work was stopped before that. What making
   * and using throw passes through; the others may then wait until somebody stops the work.
   */
  work(row: Row, use?: (tile: Uint8Array, index: number) => void): boolean {
    for (;;) {
      const seen = this.#load(changes);
      if (this.#load(stopped) !== 0) return false;
      if (use !== undefined && this.#useNext(use)) continue;
      if (this.#load(use === undefined ? taken : used) === row.tiles) return true;
      const index = this.#take(row.tiles);
      if (index === undefined) Atomics.wait(this.#control, changes, seen);
      else this.#put(index, row.tile(index));
    }
  }

  /** Has all threads leave their work. */
  stop(): void {
    Atomics.store(this.#control, stopped, 1);
    this.#announce();
  }

  /** The next tile, when its slot is free. */
  #take(tiles: number): number | undefined {
    for (;;) {
      const index = this.#load(taken);
      if (index === tiles || index >= this.#load(used) + slots) return undefined;
      if (Atomics.compareExchange(this.#control, taken, index, index + 1) === index) return index;
    }
  }

  #put(index: number, bytes: Uint8Array): void {
    this.#slot(index, bytes.length).set(bytes);
    Atomics.store(this.#control, lengthAt(index), bytes.length);
    this.#announce();
  }

  #useNext(use: (tile: Uint8Array, index: number) => void): boolean {
    const index = this.#load(used);
    const length = this.#load(lengthAt(index));
    if (length === 0) return false;
    use(this.#slot(index, length), index);
    Atomics.store(this.#control, lengthAt(index), 0);
    Atomics.store(this.#control, used, index + 1);
    this.#announce();
    return true;
  }

  #announce(): void {
    Atomics.add(this.#control, changes, 1);
    Atomics.notify(this.#control, changes);
  }

  #slot(index: number, length: number): Uint8Array {
    return new Uint8Array(this.memory, controlBytes + (index % slots) * largestTileBytes, length);
  }

  #load(place: number): number {
    return Atomics.load(this.#control, place);
  }
}

/** Where the length of the tile in a slot stands. */
const lengthAt = (index: number) => lengths + (index % slots);
