import type { Clock } from "./clock.js";

/** One timer for the earliest of many moments: however many there are, only the next one is in memory. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #takeBack: (() => void) | undefined;

  /** `ring` is called once when the earliest moment has come, and then has to say what the next one is. */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Something is due at this moment, or was. */
  notice(dueAtMs: number): void {
    if (dueAtMs >= this.#dueAtMs) return;
    this.#takeBack?.();
    this.#dueAtMs = dueAtMs;
    this.#takeBack = this.#clock.after(Math.max(0, dueAtMs - this.#clock.nowMs()), () => {
      this.clear();
      this.#ring();
    });
  }

  /** Nothing is due any more. */
  clear(): void {
    this.#takeBack?.();
    this.#takeBack = undefined;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
  }
}
