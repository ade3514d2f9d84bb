import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { describe, it } from "mocha";
import { backendNames } from "#node-agent/training/backend-names.js";
import { chooseBackend } from "#node-agent/training/backends.js";
import { gradientDifference } from "#node-agent/training/self-check.js";
import { tf } from "#node-agent/training/tensorflow.js";
import { skipBecause } from "#test/support/skip.js";

/** Whether @tensorflow/tfjs-node is there with its native library. */
function hasNativeLibrary(): boolean {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-node/package.json"));
    return readdirSync(join(folder, "lib"), { recursive: true }).some((file) =>
      file.toString().endsWith("tfjs_binding.node"),
    );
  } catch {
    return false;
  }
}

describe("back ends", () => {
  for (const backend of backendNames) {
    it(`${backend} passes the self-check`, async function () {
      // Its download is refused in many places; npm then installs without it.
      if (backend === "tensorflow" && !hasNativeLibrary())
        skipBecause(this, "the native library of @tensorflow/tfjs-node is not installed");
      await tf.setBackend("cpu");
      const before = tf.memory().numTensors;
      assert.deepEqual(await chooseBackend(backend), { backend, skipped: [] });
      assert.equal(tf.getBackend(), backend);
      assert.equal(tf.memory().numTensors, before, "the self-check leaves tensors behind");
    });
  }

  it("the first that works is taken, and the others are named with their reasons", async () => {
    const { backend, skipped } = await chooseBackend();
    assert.equal(backend, hasNativeLibrary() ? "tensorflow" : "wasm");
    if (backend === "wasm") assert.match(skipped[0]?.reason ?? "", /tfjs-node/);
  });

  it("one whose gradients are wrong, or that misses a kernel, is not taken", async () => {
    const stock = tf.getKernel("Tanh", "wasm");
    tf.unregisterKernel("Tanh", "wasm");
    try {
      const reason = (await chooseBackend()).skipped.find(({ backend }) => backend === "wasm")?.reason;
      assert(hasNativeLibrary() || /Tanh/.test(reason ?? ""), reason);
      await assert.rejects(chooseBackend("wasm"), { code: "BACKEND_UNAVAILABLE", message: /wasm: .*Tanh/ });
      tf.registerKernel({ ...stock, kernelFunc: tf.getKernel("Sigmoid", "wasm").kernelFunc });
      assert((await gradientDifference("wasm")) > 1e-2);
      await assert.rejects(chooseBackend("wasm"), {
        code: "BACKEND_UNAVAILABLE",
        message: /differ from those of cpu by/,
      });
      tf.unregisterKernel("Tanh", "wasm");
    } finally {
      tf.registerKernel(stock);
    }
    assert.equal((await chooseBackend("wasm")).backend, "wasm");
  });
});

describe("our kernels for wasm", () => {
  /** A function's value and gradients on one back end. */
  async function on(
    backend: string,
    f: (...inputs: Tensor[]) => Tensor,
    inputs: [number[], number][],
  ): Promise<number[]> {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const values = tf.tidy(() => {
      const tensors = inputs.map(([shape, seed]) => tf.randomUniform(shape, -1, 1, "float32", seed));
      const { value, grads } = tf.valueAndGrads((...all) => tf.sum(tf.mul(f(...all), f(...all))))(tensors);
      return [value, ...grads].flatMap((tensor) => [...tensor.dataSync<"float32">()]);
    });
    assert.equal(tf.memory().numTensors, before, "a kernel leaves tensors behind");
    return values;
  }

  async function sameOnBoth(
    f: (...inputs: Tensor[]) => Tensor,
    ...inputs: [number[], number][]
  ): Promise<void> {
    const [cpu, wasm] = [await on("cpu", f, inputs), await on("wasm", f, inputs)];
    assert.equal(wasm.length, cpu.length);
    for (const [place, value] of cpu.entries()) {
      const found = wasm[place] ?? Number.NaN;
      assert(
        Math.abs(found - value) <= 1e-4 * Math.max(1, Math.abs(value)),
        `value ${place}: ${found}, not ${value}`,
      );
    }
  }

  const operands = [
    [[5, 3], [3, 4], false, false],
    [[3, 5], [3, 4], true, false],
    [[5, 3], [4, 3], false, true],
    [[3, 5], [4, 3], true, true],
    [[2, 3, 5], [2, 4, 3], true, true],
    [[2, 3, 5], [2, 3, 4], true, false],
  ] as const;
  for (const [a, b, transposeA, transposeB] of operands) {
    it(`multiplies [${a.join(",")}]${transposeA ? "ᵀ" : ""} and [${b.join(",")}]${transposeB ? "ᵀ" : ""} as cpu does`, () =>
      sameOnBoth((x, y) => tf.matMul(x, y, transposeA, transposeB), [[...a], 1], [[...b], 2]));
  }

  const convolutions = [
    [[2, 8, 8, 3], [3, 3, 3, 4], 1, "same"],
    [[2, 8, 8, 3], [3, 3, 3, 4], 1, "valid"],
    [[2, 7, 9, 3], [5, 3, 3, 4], 1, "same"],
    [[3, 6, 6, 1], [4, 2, 1, 5], 1, "same"],
    [[1, 5, 5, 2], [5, 5, 2, 3], 1, "valid"],
    [[2, 5, 5, 2], [1, 1, 2, 3], 1, "same"],
    [[2, 8, 8, 3], [3, 3, 3, 4], 2, "same"],
    [[2, 9, 7, 3], [3, 3, 3, 4], 2, "same"],
    [[2, 8, 8, 2], [3, 3, 2, 4], 2, "valid"],
    [[2, 10, 11, 2], [3, 2, 2, 3], 3, "valid"],
    [[2, 7, 7, 2], [1, 1, 2, 3], 2, "same"],
    [[2, 6, 6, 2], [3, 3, 2, 2], 1, 1],
  ] as const;
  for (const [x, filter, stride, pad] of convolutions) {
    it(`convolves [${x.join(",")}] with [${filter.join(",")}], stride ${stride}, ${pad}, and differentiates as cpu does`, () =>
      sameOnBoth(
        (input, kernel) => tf.conv2d(input as Tensor4D, kernel as Tensor4D, stride, pad),
        [[...x], 3],
        [[...filter], 4],
      ));
  }
});
