import assert from "node:assert/strict";
import { open, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { describe, it } from "mocha";
import { type BlobStore, FileBlobStore } from "#hub/blobs/store.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes, hashFile } from "#kernel/files.js";
import { parseSha256 } from "#kernel/ids.js";
import { temporaryFolders } from "../support/folders.js";

/** What every blob store promises. `reopen` gives the same store as a new process would see it. */
export function blobStoreContract(
  name: string,
  make: () => Promise<{ store: BlobStore; reopen: () => Promise<BlobStore> }>,
): void {
  describe(`blob store: ${name}`, () => {
    const bytes = Buffer.from("the quick brown fox jumps over the lazy dog");
    const sha256 = hashBytes(bytes);

    it("keeps bytes under their digest, once or many times", async () => {
      const { store, reopen } = await make();
      await store.put(bytes, sha256);
      await Promise.all([store.put(bytes, sha256), store.put(bytes, sha256)]);
      assert.deepEqual(await readFile(await store.localPath(sha256)), bytes);
      assert.equal(await hashFile(await (await reopen()).localPath(sha256)), sha256);
    });

    it("keeps a blob of no bytes", async () => {
      const { store } = await make();
      const empty = hashBytes("");
      await store.put(Buffer.alloc(0), empty);
      assert.equal((await readFile(await store.localPath(empty))).length, 0);
    });

    it("says which blob is not there", async () => {
      const { store } = await make();
      const missing = parseSha256("ab".repeat(32));
      await assert.rejects(store.localPath(missing), (error: unknown) => {
        assert(error instanceof ComityError);
        assert.equal(error.code, "BLOB_NOT_FOUND");
        return error.message.includes(missing);
      });
    });

    it("goes on with what was staged, also in another process", async () => {
      const { store, reopen } = await make();
      assert.equal(await store.stagedBytes("a-1"), 0);
      const first = await store.stage("a-1");
      await first.write(bytes.subarray(0, 10));
      await first.close();
      const later = await reopen();
      assert.equal(await later.stagedBytes("a-1"), 10);
      const second = await later.stage("a-1");
      assert.deepEqual(await readFile(second.path), bytes.subarray(0, 10));
      await second.write(bytes.subarray(10));
      await second.commit(sha256);
      assert.deepEqual(await readFile(await later.localPath(sha256)), bytes);
      assert.equal(await later.stagedBytes("a-1"), 0);
    });

    it("keeps staged keys apart", async () => {
      const { store } = await make();
      const [one, other] = [await store.stage("a-1"), await store.stage("a-2")];
      await one.write(bytes);
      assert.equal(await store.stagedBytes("a-2"), 0);
      await other.discard();
      assert.equal(await store.stagedBytes("a-1"), bytes.length);
      await one.discard();
      assert.equal(await store.stagedBytes("a-1"), 0);
      assert.equal(await (await make()).store.stagedBytes("a-1"), 0);
    });

    it("shows a blob whole or not at all, however long it takes", async () => {
      const { store } = await make();
      const large = Buffer.alloc(8 << 20, 7);
      const digest = hashBytes(large);
      const staged = await store.stage("large");
      for (let at = 0; at < large.length; at += 1 << 20) {
        await staged.write(large.subarray(at, at + (1 << 20)));
        await assert.rejects(store.localPath(digest), { code: "BLOB_NOT_FOUND" });
      }
      const committed = staged.commit(digest);
      const seen = { over: false };
      const looking = (async () => {
        while (!seen.over) {
          const path = await store.localPath(digest).catch(() => undefined);
          if (path !== undefined) assert.equal((await readFile(path)).length, large.length);
          await setImmediate();
        }
      })();
      await committed;
      seen.over = true;
      await looking;
      assert.equal(await hashFile(await store.localPath(digest)), digest);
    });

    it("takes in a file that a worker has written", async () => {
      const { store } = await make();
      const path = store.scratchPath("model-1");
      const file = await open(path, "w");
      await file.writeFile(bytes);
      await file.sync();
      await file.close();
      await store.adopt(path, sha256);
      assert.deepEqual(await readFile(await store.localPath(sha256)), bytes);
      await assert.rejects(readFile(path), { code: "ENOENT" });
      // A worker that was killed half-way leaves a torso, which the next one writes over.
      await writeFile(path, "torso");
      assert.deepEqual(await readFile(await store.localPath(sha256)), bytes);
    });
  });
}

describe("contract", () => {
  const folder = temporaryFolders();

  blobStoreContract("local files", async () => {
    const root = join(await folder(), "blobs");
    const reopen = () => new FileBlobStore(root).open();
    return { store: await reopen(), reopen };
  });

  it("leaves nothing of its own in the folder of incoming files", async () => {
    const root = join(await folder(), "blobs");
    const store = await new FileBlobStore(root).open();
    await store.put(Buffer.from("x"), hashBytes("x"));
    assert.deepEqual(await readdir(join(root, "incoming")), []);
  });

  it("neither goes on with bytes that the disk could not take, nor keeps them under their digest", async () => {
    const store = await new FileBlobStore(join(await folder(), "blobs")).open();
    const many = Buffer.alloc(16 << 20);
    for (const end of ["close", "commit"] as const) {
      const staged = await store.stage("a-1");
      const handle = await open(staged.path, "r");
      const methods = Object.getPrototypeOf(handle) as { datasync: () => Promise<void> };
      await handle.close();
      const { datasync } = methods;
      methods.datasync = () => Promise.reject(new Error("EIO"));
      try {
        await staged.write(many);
      } finally {
        methods.datasync = datasync;
      }
      if (end === "close") await staged.close();
      else await assert.rejects(staged.commit(hashBytes(many)), /EIO/);
      assert.equal(await store.stagedBytes("a-1"), 0);
    }
    assert.deepEqual(await store.list(), []);
  });
});
