import { open, stat } from "node:fs/promises";
import { headerLength, parseHeader, prefixBytes } from "#aggregation/tensors/safetensors.js";
import { ComityError, isSystemError } from "#kernel/errors.js";
import { hashFile } from "#kernel/files.js";
import type { Sha256 } from "#kernel/ids.js";

/** What a model file holds, as its header says. */
export interface ModelFile {
  readonly path: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** Numbers in all tensors. */
  readonly parameters: number;
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
  }[];
}

/** Reads the header of a safetensors file and the digest of the whole. Throws `DATA_INVALID` when it is damaged. */
export async function readModelFile(path: string): Promise<ModelFile> {
  try {
    const header = await readHeaderOf(path);
    const { size } = await stat(path);
    if (size !== header.dataOffset + header.dataBytes) {
      throw new ComityError(
        "DATA_INVALID",
        `${path} has ${size} bytes; its header asks for ${header.dataOffset + header.dataBytes}.`,
      );
    }
    const tensors = header.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
    return { path, sha256: await hashFile(path), sizeBytes: size, parameters: header.dataBytes / 4, tensors };
  } catch (error) {
    if (error instanceof ComityError) throw error;
    if (isSystemError(error, "ENOENT")) {
      throw new ComityError("DATA_INVALID", `There is no file ${path}.`, {
        hint: "Check the path.",
        cause: error,
      });
    }
    const reason = error instanceof Error ? error.message : "it cannot be read";
    throw new ComityError("DATA_INVALID", `${path} is no model file: ${reason}`, { cause: error });
  }
}

async function readHeaderOf(path: string): Promise<ReturnType<typeof parseHeader>> {
  const file = await open(path, "r");
  try {
    const prefix = Buffer.alloc(prefixBytes);
    const { bytesRead } = await file.read(prefix, 0, prefixBytes, 0);
    const json = Buffer.alloc(headerLength(prefix.subarray(0, bytesRead)));
    const read = await file.read(json, 0, json.length, prefixBytes);
    return parseHeader(json.subarray(0, read.bytesRead));
  } finally {
    await file.close();
  }
}
