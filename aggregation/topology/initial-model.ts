import { seeded } from "../random/random.js";
import { encodeHeader } from "../tensors/safetensors.js";
import { elementCount } from "../tensors/spec.js";
import { describeLayers } from "./describe.js";
import { product } from "./kinds.js";
import type { Layers } from "./layers.js";

/** Values made at a time. */
const pieceValues = 64 * 1024;

/**
 * The first model of a run, as the pieces of a safetensors blob, so that it need never be whole in memory: kernels uniform in
 * ±√(6 / (fan in + fan out)) (Glorot and Bengio 2010), biases 0. Each tensor's values depend on the seed and the tensor's name alone.
 * A piece is good until the next one. Throws `MODEL_INVALID`.
 */
export function* initialModelPieces(layers: Layers, seed: number | string): Generator<Uint8Array> {
  const { tensors } = describeLayers(layers);
  yield encodeHeader(tensors);
  const piece = new Float32Array(pieceValues);
  for (const tensor of tensors) {
    const random = tensor.name.endsWith("/kernel") ? seeded("initial", seed, tensor.name) : undefined;
    const limit = Math.sqrt(6 / fans(tensor.shape));
    for (let left = elementCount(tensor); left > 0; left -= pieceValues) {
      const n = Math.min(left, pieceValues);
      for (let i = 0; i < n; i++) piece[i] = random === undefined ? 0 : (2 * random.uniform() - 1) * limit;
      yield new Uint8Array(piece.buffer, 0, n * 4);
    }
  }
}

/** Fan in plus fan out; the dimensions before the last two are a convolution's window. */
function fans(shape: readonly number[]): number {
  return product(shape.slice(0, -2)) * ((shape.at(-2) ?? 1) + (shape.at(-1) ?? 1));
}
