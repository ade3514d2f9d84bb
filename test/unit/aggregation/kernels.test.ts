import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createJavaScriptKernels } from "#aggregation/kernels/javascript.js";
import { createWasmKernels } from "#aggregation/kernels/wasm.js";

const [stride, weightsAt, outAt, memoryBytes] = [448, 4096, 5120, 6144];

function both() {
  const wasm = createWasmKernels(memoryBytes);
  assert.ok(wasm, "this Node has WebAssembly SIMD");
  return [wasm, createJavaScriptKernels(memoryBytes)] as const;
}

const finite32 = fc.float({ noNaN: true, noDefaultInfinity: true });
const weight = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.double({ min: 0, max: 2 ** 53, noNaN: true }),
);

describe("kernels", () => {
  it("give the same mean in WebAssembly and in JavaScript, bit for bit, and it is the definition", () => {
    const kernels = both();
    const inputsArbitrary = fc.integer({ min: 1, max: 100 }).chain((n) =>
      fc.array(fc.record({ weight, values: fc.array(finite32, { minLength: n, maxLength: n }) }), {
        minLength: 1,
        maxLength: 9,
      }),
    );
    fc.assert(
      fc.property(inputsArbitrary, fc.double({ min: 1e-3, max: 2 ** 53, noNaN: true }), (inputs, total) => {
        const n = inputs[0]?.values.length ?? 0;
        const [one, two] = kernels.map((kernel) => {
          const { buffer } = kernel.bytes;
          // What an earlier mean has left there does not count.
          kernel.bytes.fill(0x55);
          for (const [place, { weight, values }] of inputs.entries()) {
            new Float32Array(buffer, place * stride, n).set(values);
            new Float64Array(buffer, weightsAt, 9)[place] = weight;
          }
          const count = inputs.length;
          kernel.mean({ out: outAt, values: 0, stride, weights: weightsAt, count }, n, total);
          return [...new Uint32Array(buffer, outAt, n)];
        });
        assert.deepEqual(one, two);
        const expected = Float32Array.from(
          { length: n },
          (_, i) => inputs.reduce((sum, { weight, values }) => sum + weight * (values[i] ?? 0), -0) / total,
        );
        assert.deepEqual(one, [...new Uint32Array(expected.buffer)]);
      }),
    );
  });

  it("find the first value that is not finite, and look no further than they are told", () => {
    const kernels = both();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.uniqueArray(fc.nat(99), { maxLength: 4 }),
        (n, places) => {
          for (const kernel of kernels) {
            const { bytes } = kernel;
            const values = new Float32Array(bytes.buffer, 0, 100).fill(1);
            for (const place of places)
              values[place] = place % 2 === 0 ? Number.NaN : Number.NEGATIVE_INFINITY;
            const first = Math.min(100, ...places);
            assert.equal(kernel.firstNotFinite(0, n), first < n ? first : -1);
          }
        },
      ),
    );
  });

  it("are what their source gives", () => {
    const folder = mkdtempSync(join(tmpdir(), "comity-kernels-"));
    try {
      const made = join(folder, "wasm.generated.ts");
      execFileSync(process.execPath, ["scripts/build-kernels.mjs", made]);
      assert.equal(
        readFileSync(made, "utf8"),
        readFileSync("aggregation/kernels/wasm.generated.ts", "utf8"),
        "run `npm run gen`",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("give way to JavaScript where the host refuses SIMD, and nothing else changes", () => {
    const script = `
      if (process.argv[1] === "refuse") WebAssembly.validate = () => false;
      const { createKernels } = await import("#aggregation/kernels/kernels.js");
      const { WeightedMean } = await import("#aggregation/averaging/weighted-mean.js");
      const { UpdateChecker } = await import("#aggregation/tensors/checker.js");
      const { encodeTensors } = await import("#aggregation/tensors/safetensors.js");
      const values = [1, 2, 3].map((k) => Float32Array.from({ length: 1001 }, (_, i) => Math.fround((i + k) / (7 * k))));
      const inputs = values.map((v, k) => ({ weight: k + 1, read: (t, o) => t.set(new Uint8Array(v.buffer, o, t.length)) }));
      const tiles = [];
      const mean = new WeightedMean(inputs, 4004, { tileBytes: 1024 });
      for (let index = 0; index < mean.tiles; index++) tiles.push(...mean.tile(index));
      const spec = { name: "w", dtype: "F32", shape: [1001] };
      const checker = new UpdateChecker([spec]);
      checker.push(encodeTensors([{ ...spec, values: values[0] }]));
      const found = [checker.finish().dataBytes];
      values[0][1000] = NaN;
      try {
        new UpdateChecker([spec]).push(encodeTensors([{ ...spec, values: values[0] }]));
      } catch (error) {
        found.push(error.index);
      }
      console.log(JSON.stringify({ kind: createKernels(64).kind, tiles, found }));`;
    const [refused, normal] = ["refuse", "allow"].map((how): unknown =>
      JSON.parse(
        execFileSync(process.execPath, ["--input-type=module", "-e", script, how], { encoding: "utf8" }),
      ),
    );
    assert.deepEqual(refused, { ...(normal as object), kind: "javascript" });
    assert.deepEqual(normal, { ...(refused as object), kind: "wasm", found: [4004, 1000] });
  });
});
