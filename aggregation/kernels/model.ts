/** Where the mean finds its inputs and puts its result. Addresses are byte offsets into the memory. */
export interface MeanPlaces {
  /** Float32 values. */
  readonly out: number;
  /** The float32 values of the first input; those of each other input lie `stride` bytes (a multiple of 8) further on. */
  readonly values: number;
  readonly stride: number;
  /** One float64 for each input. */
  readonly weights: number;
  /** Inputs, above 0. */
  readonly count: number;
}

/**
 * The inner loops of aggregation, over one memory of fixed size, little-endian. Addresses are multiples of 8; `n` counts values
 * and is above 0.
 */
export interface Kernels {
  readonly kind: "wasm" | "javascript";
  /** The memory. It is never moved or grown, so views of it stay good. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * out[i] = (weights[0] * values[0][i] + weights[1] * values[1][i] + …) / total: summed up in this order in float64, rounded to
   * float32 once. Inputs and result must have room for `n` rounded up to a multiple of 8: the values beyond `n` are computed
   * too, and mean nothing.
   */
  mean(places: MeanPlaces, n: number, total: number): void;
  /** The place of the first NaN or infinity among the values, or -1. */
  firstNotFinite(values: number, n: number): number;
}
