/** One layer as Keras writes it; the keys of `config` are Keras's own. */
export type Layer = {
  class_name: string;
  config: Record<string, unknown>;
};

/** A sequence of layers, each fed by the one before. */
export type Layers = readonly Readonly<Layer>[];

/** Limits of a model, so that a plan cannot ask for more than a site can hold. */
export const modelLimits = {
  /** Bytes of all weights. */
  weightBytes: 2 ** 31,
  /** Values that one layer gives for one row. */
  outputValues: 2 ** 26,
} as const;
