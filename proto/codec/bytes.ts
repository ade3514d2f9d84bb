import { open } from "node:fs/promises";
import { wire } from "../rpc/limits.js";

/**
 * A file's bytes from an offset on, in pieces of 256 KiB, read only as fast as they are taken. Each piece has a buffer of its own,
 * because a stream keeps it until it is sent; one piece is read ahead, so that disk and network work at the same time.
 */
export async function* readChunks(path: string, offset = 0): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path, "r");
  let ahead: Promise<Buffer> | undefined;
  const read = async (position: number): Promise<Buffer> => {
    const buffer = Buffer.allocUnsafeSlow(wire.chunkBytes);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  };
  try {
    let position = offset;
    ahead = read(position);
    for (;;) {
      const chunk: Buffer = await ahead;
      position += chunk.length;
      ahead = chunk.length < wire.chunkBytes ? undefined : read(position);
      // Nobody may be waiting for this read when the loop is left.
      ahead?.catch(() => undefined);
      if (chunk.length > 0) yield chunk;
      if (ahead === undefined) return;
    }
  } finally {
    await ahead?.catch(() => undefined);
    await file.close();
  }
}
