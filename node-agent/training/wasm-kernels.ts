import type {
  backend_util,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  KernelConfig,
  NamedAttrMap,
  TensorInfo,
} from "@tensorflow/tfjs-core";
import { tf } from "./tensorflow.js";

// The wasm back end of TensorFlow.js 4.22 is made for inference. Three things that training needs are slow or missing:
//   - a product with a transposed operand runs a plain loop: 1.6 ms instead of 0.2 ms for 784 x 32 times 32 x 64;
//   - the gradient of a convolution by its input runs a plain loop: 418 ms instead of 32 ms for 32 x 14 x 14 x 64 to 32;
//   - the gradient of a convolution by its filter is not there at all.
// All three are built here from kernels that are there and fast; the self-check and the tests compare them with `cpu`.

const wasm = "wasm";

type KernelParams = Parameters<KernelConfig["kernelFunc"]>[0];
type Shape4 = [number, number, number, number];

/** Replaces the slow kernels of the wasm back end and adds the missing one. Once for each thread. */
export function registerWasmKernels(): void {
  replace("BatchMatMul", transposeFirst);
  replace("_FusedMatMul", transposeFirst);
  replace("Conv2DBackpropInput", inputGradient);
  tf.registerKernel({ kernelName: "Conv2DBackpropFilter", backendName: wasm, kernelFunc: filterGradient });
}

function replace(
  name: string,
  make: (stock: KernelConfig["kernelFunc"]) => KernelConfig["kernelFunc"],
): void {
  const config = tf.getKernel(name, wasm);
  const kernelFunc = make(config.kernelFunc);
  tf.unregisterKernel(name, wasm);
  tf.registerKernel({ ...config, kernelFunc });
}

/** Calls kernels one after the other and frees what they made, except the last. */
class Chain {
  readonly #backend = tf.findBackend(wasm);
  readonly #made: TensorInfo[] = [];

  run(name: string, inputs: Record<string, TensorInfo>, attrs: NamedAttrMap): TensorInfo {
    const made = tf.getKernel(name, wasm).kernelFunc({ inputs, attrs, backend: this.#backend });
    const [first] = Array.isArray(made) ? made : [made];
    if (first === undefined) throw new Error(`The kernel ${name} gave nothing.`);
    this.#made.push(first);
    return first;
  }

  transpose(x: TensorInfo, perm: number[]): TensorInfo {
    return this.run("Transpose", { x }, { perm });
  }

  /** Frees all but `kept`. */
  free(kept?: TensorInfo): void {
    for (const tensor of this.#made) if (tensor !== kept) this.#backend.disposeData(tensor.dataId);
  }
}

/** A matrix product that transposes its operands before, by a kernel of its own. */
function transposeFirst(stock: KernelConfig["kernelFunc"]): KernelConfig["kernelFunc"] {
  return (params) => {
    const { inputs, attrs } = params;
    const { a, b } = inputs;
    if (
      attrs === undefined ||
      a === undefined ||
      b === undefined ||
      (attrs["transposeA"] !== true && attrs["transposeB"] !== true)
    ) {
      return stock(params);
    }
    const chain = new Chain();
    const swapped = (x: TensorInfo, flag: unknown) =>
      flag === true ? chain.transpose(x, swapLastTwo(x.shape.length)) : x;
    const product = stock({
      ...params,
      inputs: { ...inputs, a: swapped(a, attrs["transposeA"]), b: swapped(b, attrs["transposeB"]) },
      attrs: { ...attrs, transposeA: false, transposeB: false },
    });
    chain.free();
    return product;
  };
}

function swapLastTwo(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}

/**
 * The gradient by the input is a convolution of `dy` with the filter turned by 180 degrees and its channels exchanged
 * (Dumoulin and Visin, "A guide to convolution arithmetic", section 4). Strides above 1 are left to the stock kernel.
 */
function inputGradient(stock: KernelConfig["kernelFunc"]): KernelConfig["kernelFunc"] {
  return (params) => {
    const { dy, filter } = params.inputs;
    // The engine calls a kernel with the attributes of its name.
    const attrs = params.attrs as unknown as Conv2DBackpropInputAttrs;
    if (dy === undefined || filter === undefined) return stock(params);
    const info = convolution(attrs.inputShape, filter.shape, attrs);
    if (info.strideHeight !== 1 || info.strideWidth !== 1 || info.dataFormat !== "channelsLast")
      return stock(params);
    const chain = new Chain();
    const turned = chain.transpose(chain.run("Reverse", { x: filter }, { dims: [0, 1] }), [0, 1, 3, 2]);
    const top = info.filterHeight - 1 - info.padInfo.top;
    const left = info.filterWidth - 1 - info.padInfo.left;
    const bottom = info.inHeight + info.filterHeight - 1 - info.outHeight - top;
    const right = info.inWidth + info.filterWidth - 1 - info.outWidth - left;
    if (Math.min(top, left, bottom, right) < 0) {
      chain.free();
      return stock(params);
    }
    const dx = chain.run(
      "Conv2D",
      { x: dy, filter: turned },
      convAttrs([top, bottom], [left, right], [1, 1]),
    );
    chain.free(dx);
    return dx;
  };
}

/**
 * The gradient by the filter is a convolution too: of the input with `dy`, where the images take the place of the channels,
 * the channels that of the images, and the stride becomes a dilation.
 */
function filterGradient(params: KernelParams): TensorInfo {
  const { x, dy } = params.inputs;
  const attrs = params.attrs as unknown as Conv2DBackpropFilterAttrs;
  if (x === undefined || dy === undefined) throw new Error("Conv2DBackpropFilter needs x and dy.");
  const info = convolution(x.shape, attrs.filterShape, attrs);
  if (info.dataFormat !== "channelsLast") throw new Error("The wasm back end convolves `channelsLast` only.");
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  // Exactly the rows and columns of the input that the forward pass read.
  const bottom = filterHeight + (info.outHeight - 1) * strideHeight - info.inHeight - padInfo.top;
  const right = filterWidth + (info.outWidth - 1) * strideWidth - info.inWidth - padInfo.left;
  const chain = new Chain();
  const images = chain.transpose(x, [3, 1, 2, 0]);
  const filter = chain.transpose(dy, [1, 2, 0, 3]);
  const pads: [[number, number], [number, number]] = [
    [padInfo.top, Math.max(0, bottom)],
    [padInfo.left, Math.max(0, right)],
  ];
  let gradient = chain.run("Conv2D", { x: images, filter }, convAttrs(...pads, [strideHeight, strideWidth]));
  if (bottom < 0 || right < 0) {
    const size = [info.inChannels, filterHeight, filterWidth, info.outChannels];
    gradient = chain.run("Slice", { x: gradient }, { begin: [0, 0, 0, 0], size });
  }
  const dw = chain.transpose(gradient, [1, 2, 0, 3]);
  chain.free(dw);
  return dw;
}

function convolution(
  input: number[],
  filter: number[],
  attrs: Conv2DBackpropFilterAttrs | Conv2DBackpropInputAttrs,
): backend_util.Conv2DInfo {
  const format = tf.backend_util.convertConv2DDataFormat(attrs.dataFormat);
  return tf.backend_util.computeConv2DInfo(
    shape4(input),
    shape4(filter),
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
    false,
    format,
  );
}

function shape4([first = 1, second = 1, third = 1, fourth = 1]: readonly number[]): Shape4 {
  return [first, second, third, fourth];
}

function convAttrs(
  rows: [number, number],
  columns: [number, number],
  dilations: [number, number],
): NamedAttrMap {
  return { strides: [1, 1], pad: [[0, 0], rows, columns, [0, 0]], dataFormat: "NHWC", dilations };
}
