import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parseKills } from "#cli/demo/kills.js";
import { parseDigits, parseIdx, readMnist } from "#cli/demo/mnist.js";
import { csv } from "#cli/demo/site-data.js";

/** An idx file of bytes. */
function idx(shape: readonly number[], data: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt8(8, 2);
  header.writeUInt8(shape.length, 3);
  for (const [at, length] of shape.entries()) header.writeUInt32BE(length, 4 + 4 * at);
  return Buffer.concat([header, Buffer.from(data)]);
}

describe("the digits", () => {
  it("are read from idx files", () => {
    const digits = parseDigits(idx([2, 2, 2], [0, 9, 10, 99, 100, 255, 7, 1]), idx([2], [3, 8]));
    assert.deepEqual(
      { ...digits, pixels: [...digits.pixels], labels: [...digits.labels] },
      {
        count: 2,
        pixelsEach: 4,
        pixels: [0, 9, 10, 99, 100, 255, 7, 1],
        labels: [3, 8],
      },
    );
    assert.equal(
      Buffer.from(csv(digits, Uint32Array.of(1, 0))).toString(),
      "label,pixel0,pixel1,pixel2,pixel3\n8,100,255,7,1\n3,0,9,10,99\n",
    );
  });

  it("are refused when a file is cut, of another type, or does not fit", () => {
    const good = idx([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.throws(() => parseIdx(good.subarray(0, good.length - 1), 3), {
      code: "DATA_INVALID",
      message: /should have 24 bytes and has 23/,
    });
    assert.throws(() => parseIdx(good, 1), { code: "DATA_INVALID" });
    assert.throws(() => parseIdx(Buffer.from([0, 0]), 1), { code: "DATA_INVALID" });
    assert.throws(() => parseDigits(good, idx([3], [1, 2, 3])), {
      code: "DATA_INVALID",
      message: "There are 2 pictures but 3 labels.",
    });
  });

  it("of MNIST are all there", async () => {
    const { train, test } = await readMnist();
    assert.deepEqual(
      [train.count, train.pixelsEach, test.count, test.pixelsEach],
      [60_000, 784, 10_000, 784],
    );
    assert.deepEqual([...train.labels.subarray(0, 8)], [5, 0, 4, 1, 9, 2, 1, 3]);
    assert.equal(Math.max(...test.labels), 9);
  });
});

describe("--kill", () => {
  it("names processes and rounds", () => {
    assert.deepEqual(parseKills("hub@3, site-2@5"), [
      { target: "hub", round: 3 },
      { target: 2, round: 5 },
    ]);
  });

  for (const text of ["", "hub", "hub@", "hub@0", "site@2", "site-2@x", "hub@3;site-2@5"]) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseKills(text), { code: "commander.invalidArgument" }));
  }
});
