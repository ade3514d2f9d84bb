import { initialModelPieces } from "#aggregation/topology/initial-model.js";
import type { Layers } from "#aggregation/topology/layers.js";

/** The first model of a run, whole. */
export function initialModel(layers: Layers, seed: number): Uint8Array<ArrayBuffer> {
  // The generator uses a piece's memory again.
  const pieces = Array.from(initialModelPieces(layers, seed), (piece) => Buffer.from(piece));
  return new Uint8Array(Buffer.concat(pieces));
}
