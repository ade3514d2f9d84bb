/** Bytes of one slot: at least a tile of the aggregation. */
const slotBytes = 1 << 19;
const slots = 4;
/** Places in the control block. */
const put = 0;
const taken = 1;
const state = 2;
const lengths = 3;

/** A wake-up can fall between a look and the wait; so no wait is without end. */
const waitMs = 100;

/** Nothing more will be put; the other side has given up. */
const ended = 1;
const failed = 2;

/**
 * A ring of pieces of bytes between two threads in shared memory: one puts, one takes, each waits for the other without an event
 * loop. Memory is four slots, whatever passes through.
 */
export class Ring {
  readonly memory: SharedArrayBuffer;
  readonly #control: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory = new SharedArrayBuffer(4 * (lengths + slots) + slots * slotBytes)) {
    this.memory = memory;
    this.#control = new Int32Array(memory, 0, lengths + slots);
    this.#bytes = new Uint8Array(memory, 4 * (lengths + slots));
  }

  /** Copies bytes in, waiting for room. False when the other side has given up. */
  put(bytes: Uint8Array): boolean {
    for (let done = 0; done < bytes.length; done += slotBytes) {
      const piece = bytes.subarray(done, done + slotBytes);
      const at = Atomics.load(this.#control, put);
      for (;;) {
        if (Atomics.load(this.#control, state) === failed) return false;
        const behind = Atomics.load(this.#control, taken);
        if (at - behind < slots) break;
        Atomics.wait(this.#control, taken, behind, waitMs);
      }
      this.#bytes.set(piece, (at % slots) * slotBytes);
      this.#control[lengths + (at % slots)] = piece.length;
      Atomics.store(this.#control, put, at + 1);
      Atomics.notify(this.#control, put);
    }
    return true;
  }

  /** Nothing more comes. */
  end(): void {
    Atomics.store(this.#control, state, ended);
    Atomics.notify(this.#control, put);
  }

  /** Hands each piece to `use`, in order, until the other side has ended. What `use` throws tells the other side to stop. */
  drain(use: (piece: Uint8Array) => void): void {
    try {
      for (let at = 0; ; at++) {
        for (;;) {
          const reached = Atomics.load(this.#control, put);
          if (reached > at) break;
          if (Atomics.load(this.#control, state) === ended) return;
          Atomics.wait(this.#control, put, reached, waitMs);
        }
        const start = (at % slots) * slotBytes;
        use(this.#bytes.subarray(start, start + (this.#control[lengths + (at % slots)] ?? 0)));
        Atomics.store(this.#control, taken, at + 1);
        Atomics.notify(this.#control, taken);
      }
    } catch (error) {
      Atomics.store(this.#control, state, failed);
      Atomics.notify(this.#control, taken);
      throw error;
    }
  }
}
