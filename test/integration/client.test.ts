import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, it } from "mocha";
import { connectHub, type HubClient } from "#client/connect.js";
import { sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { ControlService, ResultsService } from "#proto/rpc/definitions.js";
import type { RpcListener } from "#proto/rpc/listener.js";
import { temporaryFolders } from "../support/folders.js";
import { authority, collect, readAll, testListeners } from "../support/rpc.js";

describe("a client of a hub", () => {
  const listen = testListeners();
  const folder = temporaryFolders();
  const clients: HubClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  const connect = (address: string): HubClient => {
    const client = connectHub({ address, root: authority.root, token: "ada", proxy: "none" });
    clients.push(client);
    return client;
  };

  it("gives every call that changes something an op_id, unless it has one", async () => {
    const seen: string[] = [];
    const hub = await listen((listener) =>
      listener.addSome(ControlService, {
        StartRun: ({ opId }) => {
          seen.push(opId);
          return Promise.resolve({ runId: "r" });
        },
        CancelRun: ({ opId }) => {
          seen.push(opId);
          return Promise.resolve({});
        },
      }),
    );
    const client = connect(hub.address);
    assert.equal((await client.startRun({ workflowSource: "{}" })).runId, "r");
    await client.startRun({ workflowSource: "{}", opId: "mine" });
    await client.cancelRun({ runId: "r", opId: "" });
    const [first = "", second, third = ""] = seen;
    assert.equal(second, "mine");
    for (const made of [first, third]) assert.match(made, /^[0-9a-f-]{36}$/);
    assert.notEqual(first, third);
  });

  it("watches a run across lost connections, missing nothing and doubling nothing", async () => {
    const asked: number[] = [];
    let listener: RpcListener | undefined;
    const hub = await listen((made) => {
      listener = made;
      made.addSome(ControlService, {
        async *WatchRun({ runId, afterSeq }, call) {
          asked.push(afterSeq);
          for (let seq = afterSeq + 1; seq <= 6; seq++) {
            yield { runId, seq };
            if (seq % 2 === 0 && seq < 6) {
              // Let it go out, then lose the connection.
              await sleep(50);
              listener?.cut(call.peer);
              await sleep(60_000, call.signal);
            }
          }
        },
      });
    });
    const events = await collect(connect(hub.address).watchRun("r"));
    assert.deepEqual(
      events.map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6],
    );
    assert.deepEqual(asked, [0, 2, 4]);
    assert.deepEqual((await collect(connect(hub.address).watchRun("r", 5))).length, 1);
  });

  it("does not wait for a hub that was never there, nor for a run that is not", async () => {
    const hub = await listen((listener) =>
      listener.addSome(ControlService, {
        async *WatchRun() {
          await Promise.resolve();
          throw new ComityError("RUN_NOT_FOUND", "There is no such run.");
        },
      }),
    );
    const code = (wanted: string) => (error: unknown) =>
      error instanceof ComityError && error.code === wanted;
    await assert.rejects(readAll(connect(hub.address).watchRun("r")), code("RUN_NOT_FOUND"));
    await hub.listener.stop({ graceMs: 0 });
    await assert.rejects(readAll(connect(hub.address).watchRun("r")), code("HUB_UNREACHABLE"));
  });

  /** A hub with one model of 1 MB; `breaks` says after how many bytes each download loses its connection. */
  async function modelHub(breaks: number[], wrong = false) {
    const bytes = randomBytes(1_000_000);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const offsets: number[] = [];
    let listener: RpcListener | undefined;
    const hub = await listen((made) => {
      listener = made;
      made.addSome(ResultsService, {
        GetModel: ({ model }) =>
          Promise.resolve({
            model,
            versions: [1, 2].map((version) => ({ version, blob: { sha256, sizeBytes: bytes.length } })),
          }),
        async *DownloadModel({ offset }, call) {
          offsets.push(offset);
          const end = breaks.shift() ?? Infinity;
          for (let at = offset; at < bytes.length; at += 100_000) {
            if (at >= end) {
              await sleep(50);
              listener?.cut(call.peer);
              return;
            }
            const data = Buffer.from(bytes.subarray(at, at + 100_000));
            if (wrong && at === 500_000) data[0] = (data[0] ?? 0) ^ 1;
            yield { data };
          }
        },
      });
    });
    return { bytes, sha256, offsets, client: connect(hub.address) };
  }

  it("downloads a model across lost connections, and goes on where an earlier try ended", async () => {
    const { bytes, sha256, offsets, client } = await modelHub([300_000, 700_000]);
    const path = join(await folder(), "deep", "model.safetensors");
    const progress: number[] = [];
    const done = await client.downloadModel("digits", 0, path, {
      onProgress: (bytesDone) => progress.push(bytesDone),
    });
    assert.deepEqual(done, { version: 2, sha256, sizeBytes: bytes.length });
    assert((await readFile(path)).equals(bytes));
    assert.equal(offsets.length, 3);
    assert.deepEqual(
      progress,
      progress.toSorted((a, b) => a - b),
    );
    assert.equal(progress.at(-1), bytes.length);
    assert.deepEqual(await readdir(join(path, "..")), ["model.safetensors"]);
    const other = join(await folder(), "model");
    await writeFile(`${other}.part`, bytes.subarray(0, 400_000));
    await client.downloadModel("digits", 1, other);
    assert.equal(offsets.at(-1), 400_000);
    assert((await readFile(other)).equals(bytes));
  });

  it("keeps nothing of wrong bytes, and leaves the file that was there", async () => {
    const { client } = await modelHub([], true);
    const path = join(await folder(), "model");
    await writeFile(path, "the old one");
    await assert.rejects(
      client.downloadModel("digits", 1, path),
      (error) => error instanceof ComityError && error.code === "BLOB_DAMAGED",
    );
    assert.deepEqual(await readdir(join(path, "..")), ["model"]);
    assert.equal(await readFile(path, "utf8"), "the old one");
  });

  it("starts anew over what another model left, and says which version is missing", async () => {
    const { bytes, client, offsets } = await modelHub([]);
    const path = join(await folder(), "model");
    await writeFile(`${path}.part`, Buffer.alloc(2_000_000));
    await client.downloadModel("digits", 1, path);
    assert((await readFile(path)).equals(bytes));
    assert.deepEqual(offsets, [0]);
    await assert.rejects(client.downloadModel("digits", 7, path), /no version 7/);
  });
});
