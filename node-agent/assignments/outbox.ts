import { createHash } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { headerLength, parseHeader, prefixBytes } from "#aggregation/tensors/safetensors.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes, hashFile, makeDirectory, syncDirectory } from "#kernel/files.js";
import { type AssignmentId, parseSha256, type Sha256 } from "#kernel/ids.js";

const readBytes = 1 << 20;

/** An update that is durable and waits for its receipt. */
export interface Parcel {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly tensors: readonly TensorSpec[];
}

/** The updates that no receipt has come for yet, one file for each assignment. */
export class Outbox {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Makes the folder and removes files that no open assignment needs. */
  async prepare(open: readonly AssignmentId[]): Promise<void> {
    await makeDirectory(this.#dir);
    const wanted = new Set(open.map(fileName));
    for (const name of await readdir(this.#dir)) {
      if (!wanted.has(name)) await rm(join(this.#dir, name), { force: true });
    }
  }

  /** Where the update of an assignment lies. */
  path(id: AssignmentId): string {
    return join(this.#dir, fileName(id));
  }

  /**
   * Takes over a finished safetensors file of the same file system: one pass for digest and header, then rename and fsync.
   * Throws `UPDATE_MALFORMED` (as an AggregationError) for a file that is no safetensors.
   */
  async put(id: AssignmentId, path: string): Promise<Parcel> {
    const file = await open(path, "r+");
    try {
      const { size } = await file.stat();
      const hash = createHash("sha256");
      const buffer = Buffer.allocUnsafe(Math.min(readBytes, Math.max(size, 1)));
      let tensors: readonly TensorSpec[] | undefined;
      for (let at = 0; at < size; ) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0)
          throw new ComityError("WORK_FAILED", "The update's file became shorter while it was read.");
        const bytes = buffer.subarray(0, bytesRead);
        tensors ??= await tensorsOf(file, bytes, size);
        hash.update(bytes);
        at += bytesRead;
      }
      if (tensors === undefined) throw new ComityError("WORK_FAILED", "The update's file is empty.");
      await rename(path, this.path(id));
      await file.sync();
      await syncDirectory(this.#dir);
      return { sha256: parseSha256(hash.digest("hex")), sizeBytes: size, tensors };
    } finally {
      await file.close();
    }
  }

  /** Whether the file is still what was put. */
  async isIntact(id: AssignmentId, parcel: { sha256: Sha256 }): Promise<boolean> {
    try {
      return (await hashFile(this.path(id))) === parcel.sha256;
    } catch {
      return false;
    }
  }

  async drop(id: AssignmentId): Promise<void> {
    await rm(this.path(id), { force: true });
  }
}

/** The tensors that a model file declares, in its order. Throws as {@link parseHeader} does. */
export async function readTensors(path: string): Promise<readonly TensorSpec[]> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const start = Buffer.allocUnsafe(Math.min(size, 16 * 1024));
    await file.read(start, 0, start.length, 0);
    return await tensorsOf(file, start, size);
  } finally {
    await file.close();
  }
}

async function tensorsOf(file: FileHandle, start: Uint8Array, size: number): Promise<readonly TensorSpec[]> {
  const jsonBytes = headerLength(start);
  const end = prefixBytes + jsonBytes;
  let bytes = start;
  if (end > start.length) {
    bytes = Buffer.alloc(Math.min(end, size));
    await file.read(bytes, 0, bytes.length, 0);
  }
  const header = parseHeader(bytes.subarray(prefixBytes, end));
  const expected = header.dataOffset + header.dataBytes;
  if (expected !== size)
    throw new ComityError(
      "WORK_FAILED",
      `The model file has ${size} bytes; its header asks for ${expected}.`,
    );
  return header.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
}

/** An assignment's id may be longer than a file name may be. */
const fileName = (id: AssignmentId): string => `${hashBytes(id).slice(0, 40)}.safetensors`;
