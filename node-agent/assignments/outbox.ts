import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { headerLength, prefixBytes, readHeader } from "#aggregation/tensors/safetensors.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes, hashFile, makeDirectory } from "#kernel/files.js";
import type { AssignmentId, Sha256 } from "#kernel/ids.js";
import { inlineBytes } from "#kernel/refs.js";
import { adoptFile } from "./adopt.js";

/** An update that is about to leave: what it is, and its bytes where they are few. */
interface StoredUpdate {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly tensors: readonly TensorSpec[];
  /** Set for an update of at most {@link inlineBytes}, which is for the journal, in the commit of its answer; a larger one lies in the outbox. */
  readonly bytes: Buffer | undefined;
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
   * Takes over a finished safetensors file of the same file system: one pass for digest and header; a large one is then renamed into
   * the outbox and synced. Throws `UPDATE_MALFORMED` (as an AggregationError) for a file that is no safetensors.
   */
  async put(id: AssignmentId, path: string): Promise<StoredUpdate> {
    const { size } = statSync(path);
    if (size > inlineBytes) return await this.#move(id, path, size);
    // Few bytes are read at once: handing them to another thread and back takes longer than the reading.
    return this.take(readFileSync(path));
  }

  /** {@link put} of few bytes, which go with the journal. */
  take(bytes: Buffer): StoredUpdate {
    if (bytes.length > inlineBytes) throw new Error(`an update of ${bytes.length} bytes needs a file`);
    const tensors = tensorsIn(bytes, bytes.length);
    return { sha256: hashBytes(bytes), sizeBytes: bytes.length, tensors, bytes };
  }

  async #move(id: AssignmentId, path: string, size: number): Promise<StoredUpdate> {
    const tensors = readTensors(path);
    const sha256 = await adoptFile(path, size, this.path(id));
    return { sha256, sizeBytes: size, tensors, bytes: undefined };
  }

  /** Whether the file is still what was put. */
  async isIntact(id: AssignmentId, update: { sha256: Sha256 }): Promise<boolean> {
    try {
      return (await hashFile(this.path(id))) === update.sha256;
    } catch {
      return false;
    }
  }

  async drop(id: AssignmentId): Promise<void> {
    await rm(this.path(id), { force: true });
  }
}

/** The tensors that a model file declares, in its order. Throws `UPDATE_MALFORMED`, or `WORK_FAILED` when its size is another. */
export function readTensors(path: string): readonly TensorSpec[] {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const start = Buffer.alloc(Math.min(size, 16 * 1024));
    readSync(file, start, 0, start.length, 0);
    const headerBytes = prefixBytes + headerLength(start);
    if (headerBytes <= start.length) return tensorsIn(start, size);
    const header = Buffer.alloc(Math.min(headerBytes, size));
    readSync(file, header, 0, header.length, 0);
    return tensorsIn(header, size);
  } finally {
    closeSync(file);
  }
}

/** The tensors of a model of so many bytes, from its beginning. */
function tensorsIn(start: Uint8Array, sizeBytes: number): readonly TensorSpec[] {
  const header = readHeader(start);
  const expected = header.dataOffset + header.dataBytes;
  if (expected !== sizeBytes)
    throw new ComityError(
      "WORK_FAILED",
      `The model file has ${sizeBytes} bytes; its header asks for ${expected}.`,
    );
  return header.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
}

/** An assignment's id may be longer than a file name may be. */
const fileName = (id: AssignmentId): string => `${hashBytes(id).slice(0, 40)}.safetensors`;
