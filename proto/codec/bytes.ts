import { type FileHandle, open } from "node:fs/promises";
import { wire } from "../rpc/limits.js";
import { allocateWithRoom } from "../rpc/room.js";

/** What one read brings, but for the first: most blobs of small models are no longer than one chunk. */
const readBytes = 2 * wire.chunkBytes;

/**
 * A file's bytes from an offset on, in pieces of 256 KiB, read only as fast as they are taken. While the pieces of one read are
 * taken the next read runs, so that disk and network work at the same time. Two buffers serve the whole file, for memory outside
 * JavaScript's heap is dear to collect: whoever asks for the next piece has given back the one before.
 */
export async function* readChunks(path: string, offset = 0): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path, "r");
  const pair: Buffer[] = [];
  let ahead: Promise<Buffer> | undefined;
  try {
    let position = offset;
    let wanted = wire.chunkBytes;
    ahead = fill(file, allocateWithRoom(wanted), position);
    for (let turn = 0; ahead !== undefined; turn = 1 - turn) {
      const bytes: Buffer = await ahead;
      position += bytes.length;
      ahead =
        bytes.length < wanted
          ? undefined
          : fill(file, (pair[turn] ??= allocateWithRoom(readBytes)), position);
      wanted = readBytes;
      // Nobody may be waiting for this read when the loop is left.
      ahead?.catch(() => undefined);
      for (let at = 0; at < bytes.length; at += wire.chunkBytes)
        yield bytes.subarray(at, at + wire.chunkBytes);
    }
  } finally {
    await ahead?.catch(() => undefined);
    await file.close();
  }
}

/** Reads until the buffer is full or the file ends; the part that was filled. */
async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
