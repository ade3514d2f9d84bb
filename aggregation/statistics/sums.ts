/**
 * Sums of many numbers, in float64, each with what rounding has taken from it (Neumaier 1974: Kahan's summation that also holds where a
 * number is larger than the sum so far). Whole numbers add up exactly below 2^53. A sum too large for float64 is no finite number.
 */
export class Sums {
  readonly #sums: Float64Array;
  readonly #lost: Float64Array;

  /** `width` sums, all 0. */
  constructor(width: number) {
    this.#sums = new Float64Array(width);
    this.#lost = new Float64Array(width);
  }

  /** Adds a number to the sum at a place. */
  add(at: number, value: number): void {
    const before = this.#sums[at] ?? 0;
    const after = before + value;
    this.#sums[at] = after;
    const larger = Math.abs(before) >= Math.abs(value);
    const lost = larger ? before - after + value : value - after + before;
    this.#lost[at] = (this.#lost[at] ?? 0) + lost;
  }

  /** The sum at a place, rounded once. */
  at(at: number): number {
    return (this.#sums[at] ?? 0) + (this.#lost[at] ?? 0);
  }
}
