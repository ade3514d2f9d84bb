import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Stream, connect } from "node:http2";
import { describe, it } from "mocha";
import { clientContext } from "#certs/tls.js";
import { sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { AgentService, ResultsService } from "#proto/rpc/definitions.js";
import { wire } from "#proto/rpc/limits.js";
import type { RpcListener } from "#proto/rpc/listener.js";
import { authority, readAll, readOne, testListeners, until } from "../support/rpc.js";

const agent = AgentService.definition;
const results = ResultsService.definition;
const chunk = Buffer.alloc(wire.chunkBytes, 7);

/** Serves downloads of so many chunks, and counts how many were asked of the source and whether it was closed. */
function downloads(chunks: number) {
  const seen = { made: 0, closed: false };
  const setUp = (listener: RpcListener) =>
    listener.addSome(ResultsService, {
      async *DownloadModel() {
        try {
          for (let i = 0; i < chunks; i++) {
            seen.made++;
            yield { data: chunk };
            await Promise.resolve();
          }
        } finally {
          seen.closed = true;
        }
      },
    });
  return { seen, setUp };
}

describe("streams over the wire", () => {
  const listen = testListeners();

  it("makes a download no faster than its reader reads", async () => {
    const { seen, setUp } = downloads(400);
    const channel = (await listen(setUp)).channel();
    let read = 0;
    for await (const { data } of channel.serverStream(results.DownloadModel, {})) {
      assert.equal(data.length, wire.chunkBytes);
      assert(Buffer.isBuffer(data));
      if (++read === 3) {
        // Both sides fill their buffers and then the source rests: 100 MiB are not made for a reader of 1 MiB.
        let before = -1;
        while (before !== seen.made) {
          before = seen.made;
          await sleep(150);
        }
        assert(seen.made < 150, `${seen.made} chunks were made`);
      }
    }
    assert.equal(read, 400);
    assert.equal(seen.closed, true);
  });

  it("stops a download's source when its reader leaves", async () => {
    const { seen, setUp } = downloads(100_000);
    const channel = (await listen(setUp)).channel();
    await readOne(channel.serverStream(results.DownloadModel, {}));
    await until(() => seen.closed, "the source was closed");
    assert(seen.made < 1000);
  });

  it("stops a download's source when its signal fires, and throws the reason", async () => {
    const { seen, setUp } = downloads(100_000);
    const channel = (await listen(setUp)).channel();
    const cancel = new AbortController();
    const reading = (async () => {
      await readAll(channel.serverStream(results.DownloadModel, {}, { signal: cancel.signal }), () =>
        cancel.abort(new Error("enough")),
      );
    })();
    await assert.rejects(reading, /enough/);
    await until(() => seen.closed, "the source was closed");
  });

  it("lets a source wake up that waits for something else when its reader has gone", async () => {
    let closed = false;
    const hub = await listen((listener) =>
      listener.addSome(ResultsService, {
        async *WatchResult(_request, call) {
          try {
            yield { runId: "r" };
            await sleep(60_000, call.signal);
          } finally {
            closed = true;
          }
        },
      }),
    );
    await readOne(hub.channel().serverStream(results.WatchResult, { runId: "r" }));
    await until(() => closed, "the source was closed");
  });

  it("takes an upload, and no faster than the handler reads it", async () => {
    let made = 0;
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const hub = await listen((listener) =>
      listener.addSome(AgentService, {
        async Upload(messages) {
          let bytes = 0;
          for await (const message of messages) {
            if (message.chunk) bytes += message.chunk.length;
            await gate;
          }
          return { samples: bytes };
        },
      }),
    );
    async function* source() {
      for (let i = 0; i < 200; i++) {
        made++;
        yield { chunk };
        await Promise.resolve();
      }
    }
    const upload = hub.channel().clientStream(agent.Upload, source());
    let before = -1;
    while (before !== made || made === 0) {
      before = made;
      await sleep(150);
    }
    assert(made < 100, `${made} chunks were made`);
    release?.();
    assert.equal((await upload).samples, 200 * wire.chunkBytes);
  });

  it("throws in the handler when the connection of an upload breaks", async () => {
    let thrown: unknown;
    let peer = "";
    const hub = await listen((listener) =>
      listener.addSome(AgentService, {
        async Upload(messages, call) {
          try {
            await readAll(messages, () => {
              peer = call.peer;
            });
          } catch (error) {
            thrown = error;
            throw error;
          }
          return {};
        },
      }),
    );
    async function* source() {
      yield { header: { opId: "x" } };
      await until(() => peer !== "", "the header arrived");
      assert.equal(hub.listener.cut(peer), true);
      await sleep(60_000, over.signal);
    }
    const over = new AbortController();
    const upload = hub.channel().clientStream(agent.Upload, source());
    await until(() => thrown !== undefined, "the handler was told");
    assert(thrown instanceof ComityError && thrown.code === "SITE_VANISHED");
    over.abort();
    await assert.rejects(upload, (error) => error instanceof ComityError && error.code === "HUB_UNREACHABLE");
  });

  it("throws what the source of an upload threw, and ends the call", async () => {
    let ended = false;
    const hub = await listen((listener) =>
      listener.addSome(AgentService, {
        async Upload(messages) {
          await readAll(messages);
          ended = true;
          return {};
        },
      }),
    );
    async function* source() {
      yield { header: { opId: "x" } };
      await Promise.reject(new Error("the disk went away"));
    }
    await assert.rejects(hub.channel().clientStream(agent.Upload, source()), /the disk went away/);
    await until(() => ended, "the handler came to an end");
  });

  it("ends an upload early when the hub refuses it", async () => {
    let made = 0;
    let closed = false;
    const hub = await listen((listener) =>
      listener.addSome(AgentService, {
        async Upload(messages) {
          await readOne(messages);
          throw new ComityError("ASSIGNMENT_LATE", "Too late.");
        },
      }),
    );
    async function* source() {
      try {
        for (;;) {
          made++;
          yield { chunk };
          await sleep(1);
        }
      } finally {
        closed = true;
      }
    }
    const upload = hub.channel().clientStream(agent.Upload, source());
    await assert.rejects(upload, (error) => error instanceof ComityError && error.code === "ASSIGNMENT_LATE");
    assert.equal(closed, true);
    assert(made < 400, `${made} chunks were made`);
  });

  it("ends an upload that stands still, and frees its slot", async () => {
    let ended = false;
    const hub = await listen(
      (listener) =>
        listener.addSome(AgentService, {
          async Upload(messages, call) {
            call.signal.addEventListener("abort", () => {
              ended = true;
            });
            await readAll(messages);
            return {};
          },
        }),
      { limits: { stallMs: 300, resetMs: 50 } },
    );
    const { stream, session } = rawCall(hub.address, agent.Upload.path);
    const message = agent.Upload.requestSerialize({ header: { opId: "x" } });
    stream.write(frame(message));
    const [headers] = (await once(stream, "response")) as [Record<string, string>];
    assert.equal(headers["grpc-status"], "4");
    assert.equal(headers["comity-code"], "DEADLINE_EXCEEDED");
    await until(() => ended, "the handler was told");
    // This peer never ends its half; the hub resets it.
    stream.resume();
    await until(() => stream.closed, "the stream was reset");
    session.destroy();
  });

  it("gives up on a request of which only the headers, or a half, came", async () => {
    const hub = await listen(
      (listener) =>
        listener.addSome(AgentService, {
          StatBlob: () => Promise.resolve({}),
          async Upload(messages) {
            await readAll(messages);
            return {};
          },
        }),
      { limits: { requestMs: 200, resetMs: 50 } },
    );
    for (const { path } of [agent.StatBlob, agent.Upload]) {
      const { stream, session } = rawCall(hub.address, path);
      if (path === agent.StatBlob.path) stream.write(frame(Buffer.alloc(100)).subarray(0, 20));
      const [headers] = (await once(stream, "response")) as [Record<string, string>];
      assert.equal(headers["grpc-status"], "4");
      stream.resume();
      await until(() => stream.closed, "the stream was reset");
      session.destroy();
    }
  });

  it("hands no call to a handler whose deadline has passed when it comes", async () => {
    let called = 0;
    const hub = await listen((listener) =>
      listener.addSome(AgentService, {
        StatBlob: () => {
          called++;
          return Promise.resolve({});
        },
      }),
    );
    for (const timeout of ["0m", "0n", "0H"]) {
      const { stream, session } = rawCall(hub.address, agent.StatBlob.path, { "grpc-timeout": timeout });
      stream.end(frame(Buffer.alloc(0)));
      const [headers] = (await once(stream, "response")) as [Record<string, string>];
      assert.deepEqual([headers["grpc-status"], headers["comity-code"]], ["4", "DEADLINE_EXCEEDED"], timeout);
      session.destroy();
    }
    assert.equal(called, 0);
  });

  it("ends a download whose reader does not read", async () => {
    const { seen, setUp } = downloads(100_000);
    const hub = await listen(setUp, { limits: { stallMs: 600, resetMs: 50 } });
    const { stream, session } = rawCall(hub.address, results.DownloadModel.path);
    stream.pause();
    stream.end(frame(Buffer.alloc(0)));
    await until(() => seen.closed, "the source was closed");
    assert(seen.made < 400, `${seen.made} chunks were made`);
    session.destroy();
  });

  it("tells whoever sends on a session that the peer is behind", async () => {
    const full: number[] = [];
    let drained = false;
    const hub = await listen((listener) =>
      listener.addSome(AgentService, {
        async Session(messages, send, call) {
          let sent = 0;
          while (send({ offer: { workJson: "x".repeat(200_000) } })) sent++;
          full.push(sent);
          await send.drained();
          drained = !call.signal.aborted;
          await readAll(messages);
        },
      }),
    );
    const channel = hub.channel();
    await channel.ready();
    const session = channel.bidi(agent.Session);
    await until(() => full.length > 0, "the sender was stopped");
    assert((full[0] ?? 0) < 100);
    const reading = readAll(session.messages).catch(() => undefined);
    await until(() => drained, "the sender had room again");
    session.cancel();
    await reading;
  });
});

/** A call by bare HTTP/2, for peers that do not keep to the rules. */
function rawCall(address: string, path: string, more: Readonly<Record<string, string>> = {}) {
  const session = connect(`https://${address}`, clientContext({ root: authority.root }));
  session.on("error", () => undefined);
  const stream: ClientHttp2Stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...more,
  });
  stream.on("error", () => undefined);
  return { session, stream };
}

function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
