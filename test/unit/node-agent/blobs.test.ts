import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { encodeTensors } from "#aggregation/tensors/safetensors.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { parseAssignmentId } from "#kernel/ids.js";
import { BlobCache, type Source } from "#node-agent/assignments/cache.js";
import { Outbox, readTensors } from "#node-agent/assignments/outbox.js";
import { temporaryFolders } from "../../support/folders.js";

const blobOf = (bytes: Uint8Array) => ({ sha256: hashBytes(bytes), sizeBytes: bytes.length });
const bytesOf = (text: string) => Buffer.from(text.repeat(1000));

/** Sends a blob in pieces; counts calls, and ends early where told to. */
function sourceOf(bytes: Uint8Array, options: { pieces?: number; failAfter?: number } = {}) {
  const offsets: number[] = [];
  const { pieces = 4, failAfter = Number.POSITIVE_INFINITY } = options;
  const source: Source = async function* (offset) {
    offsets.push(offset);
    const first = offsets.length === 1;
    const size = Math.ceil(bytes.length / pieces);
    for (let at = offset, sent = 0; at < bytes.length; at += size, sent++) {
      if (first && sent === failAfter) throw new ComityError("HUB_UNREACHABLE", "cut");
      await Promise.resolve();
      yield bytes.subarray(at, Math.min(at + size, bytes.length));
    }
  };
  return { source, offsets };
}

const never: Source = () => {
  throw new Error("the blob was fetched again");
};

describe("node-agent/cache", () => {
  const folder = temporaryFolders();

  it("fetches a blob once, also when two ask at the same time and after a restart", async () => {
    const dir = await folder();
    const bytes = bytesOf("model");
    const { source, offsets } = sourceOf(bytes);
    const cache = new BlobCache(dir, 1e6);
    await cache.prepare();
    const [one, two] = await Promise.all([
      cache.acquire(blobOf(bytes), source),
      cache.acquire(blobOf(bytes), source),
    ]);
    assert.equal(one.path, two.path);
    assert.deepEqual(await readFile(one.path), bytes);
    await cache.acquire(blobOf(bytes), never);
    const restarted = new BlobCache(dir, 1e6);
    await restarted.prepare();
    await restarted.acquire(blobOf(bytes), never);
    assert.deepEqual(offsets, [0]);
  });

  it("goes on where an interrupted fetch has stopped", async () => {
    const dir = await folder();
    const bytes = bytesOf("model");
    const { source, offsets } = sourceOf(bytes, { failAfter: 2 });
    const cache = new BlobCache(dir, 1e6);
    await cache.prepare();
    await assert.rejects(cache.acquire(blobOf(bytes), source), { code: "HUB_UNREACHABLE" });
    const restarted = new BlobCache(dir, 1e6);
    await restarted.prepare();
    const blob = await restarted.acquire(blobOf(bytes), source);
    assert.deepEqual(await readFile(blob.path), bytes);
    assert.deepEqual(offsets, [0, bytes.length / 2]);
  });

  it("takes no blob with another digest, another size or an early end, and leaves no trace of it", async () => {
    const dir = await folder();
    const bytes = bytesOf("model");
    const cache = new BlobCache(dir, 1e6);
    await cache.prepare();
    const wrong = sourceOf(bytesOf("MODEL")).source;
    await assert.rejects(cache.acquire(blobOf(bytes), wrong), { code: "BLOB_DAMAGED" });
    const long = sourceOf(Buffer.concat([bytes, bytes])).source;
    await assert.rejects(cache.acquire(blobOf(bytes), long), { code: "BLOB_DAMAGED" });
    const short = sourceOf(bytes.subarray(0, 100)).source;
    await assert.rejects(cache.acquire(blobOf(bytes), short), { code: "HUB_UNREACHABLE" });
    assert.equal((await readdir(dir)).filter((name) => !name.endsWith(".part")).length, 0);
    await cache.acquire(blobOf(bytes), sourceOf(bytes).source);
  });

  it("notices damage on the disk at the first use after a restart", async () => {
    const dir = await folder();
    const bytes = bytesOf("model");
    await writeFile(join(dir, blobOf(bytes).sha256), bytesOf("MODEL"));
    const cache = new BlobCache(dir, 1e6);
    await cache.prepare();
    const { source, offsets } = sourceOf(bytes);
    const blob = await cache.acquire(blobOf(bytes), source);
    assert.deepEqual(offsets, [0]);
    assert.deepEqual(await readFile(blob.path), bytes);
  });

  it("stays below its bound: the blob longest out of use goes, one in use never", async () => {
    const dir = await folder();
    const [a, b, c] = [bytesOf("aaaa"), bytesOf("bbbb"), bytesOf("cccc")];
    const cache = new BlobCache(dir, 9000);
    await cache.prepare();
    const held = await cache.acquire(blobOf(a), sourceOf(a).source);
    (await cache.acquire(blobOf(b), sourceOf(b).source)).release();
    (await cache.acquire(blobOf(c), sourceOf(c).source)).release();
    assert.deepEqual((await readdir(dir)).sort(), [blobOf(a).sha256, blobOf(c).sha256].sort());
    held.release();
    (await cache.acquire(blobOf(b), sourceOf(b).source)).release();
    assert.deepEqual((await readdir(dir)).sort(), [blobOf(b).sha256, blobOf(c).sha256].sort());
  });
});

describe("node-agent/outbox", () => {
  const folder = temporaryFolders();
  const id = parseAssignmentId("run.1.train.acme.berlin");
  const tensors = [
    { name: "dense/kernel", dtype: "F32", shape: [3, 2], values: new Float32Array([1, 2, 3, 4, 5, 6]) },
    { name: "dense/bias", dtype: "F32", shape: [2], values: new Float32Array([7, 8]) },
  ] as const;

  it("takes an update over with its digest, its size and its tensors; few bytes are for the journal", async () => {
    const dir = await folder();
    const outbox = new Outbox(join(dir, "outbox"));
    await outbox.prepare([]);
    const bytes = encodeTensors(tensors);
    await writeFile(join(dir, "update"), bytes);
    const stored = await outbox.put(id, join(dir, "update"));
    assert.deepEqual({ sha256: stored.sha256, sizeBytes: stored.sizeBytes }, blobOf(bytes));
    const specs = tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
    assert.deepEqual(stored.tensors, specs);
    assert.deepEqual(readTensors(join(dir, "update")), specs);
    assert.deepEqual(stored.bytes, Buffer.from(bytes));
    assert.deepEqual(await readdir(join(dir, "outbox")), []);
  });

  it("takes few bytes as they are, without a file; many need one", () => {
    const outbox = new Outbox("/nowhere");
    const bytes = Buffer.from(encodeTensors(tensors));
    const specs = tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
    assert.deepEqual(outbox.take(bytes), { ...blobOf(bytes), tensors: specs, bytes });
    assert.throws(() => outbox.take(Buffer.alloc(70_000)), /70000 bytes needs a file/);
  });

  it("moves a large update into the outbox, and knows whether it is still the same", async () => {
    const dir = await folder();
    const outbox = new Outbox(join(dir, "outbox"));
    await outbox.prepare([]);
    const values = new Float32Array(700_000).map((_value, index) => index);
    const bytes = encodeTensors([{ name: "w", dtype: "F32", shape: [700_000], values }]);
    await writeFile(join(dir, "update"), bytes);
    const stored = await outbox.put(id, join(dir, "update"));
    assert.deepEqual({ sha256: stored.sha256, sizeBytes: stored.sizeBytes }, blobOf(bytes));
    assert.deepEqual(stored.tensors, [{ name: "w", dtype: "F32", shape: [700_000] }]);
    assert.equal(stored.bytes, undefined);
    assert.deepEqual(await readdir(dir), ["outbox"]);
    assert.deepEqual(await readFile(outbox.path(id)), Buffer.from(bytes));
    assert.equal(await outbox.isIntact(id, stored), true);
    await writeFile(outbox.path(id), "damaged");
    assert.equal(await outbox.isIntact(id, stored), false);
    await outbox.drop(id);
    assert.equal(await outbox.isIntact(id, stored), false);
  });

  it("reads a header that is longer than its first read", async () => {
    const dir = await folder();
    const many = Array.from({ length: 400 }, (_, index) => {
      return {
        name: `layer-${index}/${"x".repeat(50)}`,
        dtype: "F32",
        shape: [1],
        values: new Float32Array([index]),
      } as const;
    });
    await writeFile(join(dir, "update"), encodeTensors(many));
    assert.equal(readTensors(join(dir, "update")).length, 400);
  });

  it("refuses what is no safetensors file, or has bytes besides its tensors", async () => {
    const dir = await folder();
    const outbox = new Outbox(join(dir, "outbox"));
    await outbox.prepare([]);
    const whole = encodeTensors(tensors);
    const faults: [Uint8Array, string][] = [
      [new Uint8Array(), "UPDATE_MALFORMED"],
      [Buffer.from("rows, rows, rows"), "UPDATE_MALFORMED"],
      [Buffer.concat([whole, Buffer.from("a row")]), "WORK_FAILED"],
      [whole.subarray(0, whole.length - 1), "WORK_FAILED"],
    ];
    for (const [bytes, code] of faults) {
      await writeFile(join(dir, "update"), bytes);
      await assert.rejects(outbox.put(id, join(dir, "update")), { code });
    }
    assert.deepEqual(await readdir(join(dir, "outbox")), []);
  });

  it("keeps at a start what is still owed, and nothing else", async () => {
    const dir = await folder();
    const outbox = new Outbox(dir);
    await outbox.prepare([]);
    const other = parseAssignmentId("run.2.train.acme.berlin");
    await writeFile(outbox.path(id), "owed");
    await writeFile(outbox.path(other), "not owed");
    await outbox.prepare([id]);
    assert.deepEqual(await readdir(dir), [outbox.path(id).slice(dir.length + 1)]);
  });
});
