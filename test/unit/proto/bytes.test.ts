import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { readChunks } from "#proto/codec/bytes.js";
import { wire } from "#proto/rpc/limits.js";
import { temporaryFolders } from "../../support/folders.js";

describe("a file in chunks", () => {
  const folder = temporaryFolders();

  for (const size of [
    0,
    1,
    wire.chunkBytes - 1,
    wire.chunkBytes,
    wire.chunkBytes + 1,
    3 * wire.chunkBytes,
    14 * wire.chunkBytes + 3,
  ]) {
    it(`gives every byte of ${size} once, from any offset`, async () => {
      const path = join(await folder(), "file");
      const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255));
      await writeFile(path, bytes);
      for (const offset of [0, 1, wire.chunkBytes, size, size + 5]) {
        const chunks: Buffer[] = [];
        for await (const chunk of readChunks(path, offset)) chunks.push(Buffer.from(chunk));
        assert(Buffer.concat(chunks).equals(bytes.subarray(offset)));
        assert(chunks.every((chunk, i) => chunk.length === wire.chunkBytes || i === chunks.length - 1));
        assert(chunks.every((chunk) => chunk.length > 0));
      }
    });
  }

  it("reads a long file into the same memory again and again", async () => {
    const path = join(await folder(), "file");
    await writeFile(path, Buffer.alloc(40 * wire.chunkBytes));
    const memories = new Set<ArrayBufferLike>();
    for await (const chunk of readChunks(path)) memories.add(chunk.buffer);
    assert.equal(memories.size, 3);
  });

  it("closes the file when its reader leaves, and fails where there is none", async () => {
    const path = join(await folder(), "file");
    await writeFile(path, Buffer.alloc(3 * wire.chunkBytes));
    const chunks = readChunks(path);
    await chunks.next();
    await chunks.return();
    assert.deepEqual(await chunks.next(), { value: undefined, done: true });
    await assert.rejects(readChunks(`${path}.not`).next(), /ENOENT/);
  });
});
