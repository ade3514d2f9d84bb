import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "mocha";
import { BlobReader } from "#hub/blobs/reader.js";
import { FileBlobStore } from "#hub/blobs/store.js";
import { keepBlobs, recordBlob } from "#hub/store/blobs.js";
import { hashBytes } from "#kernel/files.js";
import { type BlobRef, inlineBytes } from "#kernel/refs.js";
import { temporaryFolders } from "../support/folders.js";
import { onEachStore } from "../support/stores.js";

const small = Buffer.from("a few bytes");
const large = Buffer.alloc(inlineBytes + 1, "large ");
const refOf = (bytes: Uint8Array): BlobRef => ({ sha256: hashBytes(bytes), sizeBytes: bytes.length });

onEachStore("the reader of blobs", (newPlace) => {
  const folder = temporaryFolders();
  const open = async () => {
    const store = await (await newPlace())();
    const blobs = await new FileBlobStore(join(await folder(), "blobs")).open();
    return { store, blobs, reader: new BlobReader(store, blobs) };
  };
  type Hub = Awaited<ReturnType<typeof open>>;
  /** Keeps bytes in a file. */
  const file = async ({ store, blobs }: Hub, bytes: Uint8Array) => {
    await blobs.put(bytes, hashBytes(bytes));
    await store.write(({ db }) => recordBlob(db, refOf(bytes), 1));
  };
  const row = ({ store }: Hub, bytes: Uint8Array) =>
    store.write(({ db }) => keepBlobs(db, [{ ...refOf(bytes), inline: bytes }], 1));
  const read = async ({ reader }: Hub, bytes: Uint8Array, offset: number) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of reader.read(hashBytes(bytes), offset)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it("gives few bytes from the row that names them", async () => {
    const hub = await open();
    await row(hub, small);
    const found = await hub.reader.bytesOf(refOf(small));
    assert.ok("inline" in found);
    assert.deepEqual(Buffer.from(found.inline), small);
    for (const offset of [0, 2, small.length - 1])
      assert.deepEqual(await read(hub, small, offset), small.subarray(offset));
    for (const offset of [small.length, small.length + 5])
      assert.equal((await read(hub, small, offset)).length, 0);
  });

  it("gives many bytes from their file", async () => {
    const hub = await open();
    await file(hub, large);
    const sha256 = hashBytes(large);
    assert.deepEqual(await hub.reader.bytesOf(refOf(large)), { path: await hub.blobs.localPath(sha256) });
    for (const offset of [0, 1000, large.length - 1])
      assert.deepEqual(await read(hub, large, offset), large.subarray(offset));
    assert.equal((await read(hub, large, large.length)).length, 0);
  });

  it("gives few bytes from their file where a hub of before has kept them", async () => {
    const hub = await open();
    await file(hub, small);
    assert.deepEqual(await hub.reader.bytesOf(refOf(small)), {
      path: await hub.blobs.localPath(hashBytes(small)),
    });
    assert.deepEqual(await read(hub, small, 2), small.subarray(2));
  });

  it("gives the row's bytes where both have them", async () => {
    const hub = await open();
    await file(hub, small);
    await row(hub, small);
    assert.ok("inline" in (await hub.reader.bytesOf(refOf(small))));
  });

  it("refuses what the hub has not", async () => {
    const hub = await open();
    for (const bytes of [small, large]) {
      await assert.rejects(hub.reader.bytesOf(refOf(bytes)), { code: "BLOB_NOT_FOUND" });
      await assert.rejects(read(hub, bytes, 0), { code: "BLOB_NOT_FOUND" });
    }
  });
});
