import { seeded } from "../random/random.js";
import { encodeHeader } from "../tensors/safetensors.js";
import { elementCount, totalBytes } from "../tensors/spec.js";
import { describeLayers } from "./describe.js";
import { product } from "./kinds.js";
import type { Layers } from "./layers.js";

/**
 * The first model of a run, as a safetensors blob: kernels uniform in ±√(6 / (fan in + fan out)) (Glorot and Bengio 2010), biases 0.
 * Each tensor's values depend on the seed and the tensor's name alone. Throws `MODEL_INVALID`.
 */
export function initialModel(layers: Layers, seed: number | string): Uint8Array<ArrayBuffer> {
  const { tensors } = describeLayers(layers);
  const header = encodeHeader(tensors);
  const blob = new Uint8Array(header.length + totalBytes(tensors));
  blob.set(header);
  let at = header.length;
  for (const tensor of tensors) {
    // The canonical header keeps the values aligned.
    const values = new Float32Array(blob.buffer, at, elementCount(tensor));
    at += values.byteLength;
    if (!tensor.name.endsWith("/kernel")) continue;
    const random = seeded("initial", seed, tensor.name);
    const limit = Math.sqrt(6 / fans(tensor.shape));
    for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform() - 1) * limit;
  }
  return blob;
}

/** Fan in plus fan out; the dimensions before the last two are a convolution's window. */
function fans(shape: readonly number[]): number {
  return product(shape.slice(0, -2)) * ((shape.at(-2) ?? 1) + (shape.at(-1) ?? 1));
}
