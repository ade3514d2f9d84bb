import { createHash } from "node:crypto";
import { closeSync, createReadStream, fsync, openSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { isSystemError } from "./errors.js";
import type { Sha256 } from "./ids.js";

/** Replaces a file as a whole: temporary file, fsync, rename, fsync of the folder. A crash leaves the old one or the new one. */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "w", mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncPath(dirname(path));
}

/** Makes what was written to an open file durable, in another thread. */
export const syncFile = promisify(fsync);

/** Makes a file's bytes, or the renames in a folder, durable. Only the sync is waited for: opening takes less than asking for it. */
export async function syncPath(path: string): Promise<void> {
  const file = openSync(path, "r");
  try {
    await syncFile(file);
  } finally {
    closeSync(file);
  }
}

/** A folder and its parents, with permissions for its owner only by default. */
export async function makeDirectory(path: string, mode = 0o700): Promise<void> {
  await mkdir(path, { recursive: true, mode });
}

/** The text of a file, or undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** The digest of a file's bytes, read in pieces. */
export async function hashFile(path: string): Promise<Sha256> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
    hash.update(chunk as Uint8Array);
  return hash.digest("hex") as Sha256;
}

/** The digest of bytes in memory. */
export function hashBytes(bytes: string | Uint8Array): Sha256 {
  return createHash("sha256").update(bytes).digest("hex") as Sha256;
}
