import { createHash } from "node:crypto";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { ComityError } from "#kernel/errors.js";
import { syncPath } from "#kernel/files.js";
import { parseSha256, type Sha256 } from "#kernel/ids.js";

const readBytes = 1 << 20;

/**
 * Takes over a finished file of `size` bytes from a folder of the same file system: one pass for its digest, then it is durable under its
 * new path. Throws `WORK_FAILED` when it is shorter.
 */
export async function adoptFile(path: string, size: number, target: string): Promise<Sha256> {
  const file = await open(path, "r+");
  try {
    // The disk works while the digest is taken.
    const synced = file.sync();
    synced.catch(() => undefined);
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(readBytes);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0)
        throw new ComityError("WORK_FAILED", "A file of the work became shorter while it was read.");
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    await synced;
    await rename(path, target);
    await syncPath(dirname(target));
    return parseSha256(hash.digest("hex"));
  } finally {
    await file.close();
  }
}
