import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createJavaScriptKernels } from "#aggregation/kernels/javascript.js";
import { createWasmKernels } from "#aggregation/kernels/wasm.js";

const [aAt, bAt, sumsAt, memoryBytes] = [0, 512, 1024, 2048];

function both() {
  const wasm = createWasmKernels(memoryBytes);
  assert.ok(wasm, "this Node has WebAssembly SIMD");
  return [wasm, createJavaScriptKernels(memoryBytes)] as const;
}

const finite32 = fc.float({ noNaN: true, noDefaultInfinity: true });
const floats = fc.array(finite32, { minLength: 1, maxLength: 100 });
const weight = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.double({ min: 0, max: 2 ** 53, noNaN: true }),
);

describe("kernels", () => {
  it("give the same bits in WebAssembly and in JavaScript", () => {
    const kernels = both();
    const sums = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e50, max: 1e50 }), {
      minLength: 100,
      maxLength: 100,
    });
    fc.assert(
      fc.property(
        floats,
        floats,
        sums,
        weight,
        weight,
        fc.double({ min: 1e-3, max: 2 ** 53, noNaN: true }),
        (a, b, start, wa, wb, total) => {
          const n = a.length;
          const [one, two] = kernels.map((kernel) => {
            const { bytes } = kernel;
            new Float32Array(bytes.buffer, aAt, 128).fill(0).set(a);
            new Float32Array(bytes.buffer, bAt, 128).fill(0).set(b);
            const sum = new Float64Array(bytes.buffer, sumsAt, 100);
            sum.set(start);
            kernel.fold(sumsAt, aAt, n, wa);
            const folded = [...new BigUint64Array(bytes.buffer, sumsAt, n)];
            kernel.foldTwo(sumsAt, aAt, bAt, n, wa, wb);
            const foldedTwo = [...new BigUint64Array(bytes.buffer, sumsAt, n)];
            kernel.finish(aAt, sumsAt, n, total);
            return {
              folded,
              foldedTwo,
              out: [...new Uint32Array(bytes.buffer, aAt, n)],
              left: [...sum.subarray(0, n)],
            };
          });
          assert.deepEqual(one, two);
          assert.ok(one?.left.every((sum) => Object.is(sum, -0)));
        },
      ),
    );
  });

  it("fold two as they fold one after the other", () => {
    const [kernel] = both();
    const { bytes } = kernel;
    fc.assert(
      fc.property(floats, weight, weight, (a, wa, wb) => {
        new Float32Array(bytes.buffer, aAt, 128).fill(0).set(a);
        new Float32Array(bytes.buffer, bAt, 128).fill(0).set(a.toReversed());
        const sums = new Float64Array(bytes.buffer, sumsAt, 128);
        sums.fill(-0);
        kernel.fold(sumsAt, aAt, a.length, wa);
        kernel.fold(sumsAt, bAt, a.length, wb);
        const expected = [...sums.subarray(0, a.length)];
        sums.fill(-0);
        kernel.foldTwo(sumsAt, aAt, bAt, a.length, wa, wb);
        assert.deepEqual([...sums.subarray(0, a.length)], expected);
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
            const values = new Float32Array(bytes.buffer, aAt, 100).fill(1);
            for (const place of places)
              values[place] = place % 2 === 0 ? Number.NaN : Number.NEGATIVE_INFINITY;
            const first = Math.min(100, ...places);
            assert.equal(kernel.firstNotFinite(aAt, n), first < n ? first : -1);
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
      const { weightedMean } = await import("#aggregation/averaging/weighted-mean.js");
      const { UpdateChecker } = await import("#aggregation/tensors/checker.js");
      const { encodeTensors } = await import("#aggregation/tensors/safetensors.js");
      const values = [1, 2, 3].map((k) => Float32Array.from({ length: 1001 }, (_, i) => Math.fround((i + k) / (7 * k))));
      const inputs = values.map((v, k) => ({ weight: k + 1, read: (t, o) => t.set(new Uint8Array(v.buffer, o, t.length)) }));
      const tiles = [];
      await weightedMean(inputs, 4004, (tile) => tiles.push(...tile), { tileBytes: 1024 });
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
