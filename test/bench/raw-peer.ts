import type { Writable } from "node:stream";
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { http2ServersOf, raiseWindow } from "#proto/rpc/internals.js";
import { wire } from "#proto/rpc/limits.js";
import { endWithParent, say, told } from "./child.js";
import type { RawWords } from "./raw-stream.js";

/* One end of a bare grpc-js stream: `node raw-peer.js WORDS`, see raw-stream.ts. */

const same = (bytes: Buffer): Buffer => bytes;
const codec = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const service = {
  Down: { path: "/raw/Down", requestStream: false, responseStream: true, ...codec },
  Up: { path: "/raw/Up", requestStream: true, responseStream: false, ...codec },
};
const windowOption = "grpc-node.flow_control_window";

/** Windows so large that the stream never waits for one, whatever those of Comity are. */
const windowBytes = 8 << 20;

const words = JSON.parse(process.argv[2] ?? "{}") as RawWords;
const [root, chain, key] = [Buffer.from(words.root), Buffer.from(words.chain), Buffer.from(words.key)];

function* messages(): Generator<Buffer> {
  for (let left = words.bytesEachWay; left > 0; left -= wire.chunkBytes)
    yield Buffer.allocUnsafeSlow(Math.min(left, wire.chunkBytes));
}

async function pour(stream: Writable): Promise<void> {
  for (const message of messages())
    if (!stream.write(message)) await new Promise((resolve) => stream.once("drain", resolve));
  stream.end();
}

function serve(): void {
  const server = new Server({ [windowOption]: windowBytes, "grpc.enable_channelz": 0 });
  server.addService(service, {
    Down: (call: ServerWritableStream<Buffer, Buffer>) => void pour(call),
    Up(call: ServerReadableStream<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
      call.on("data", () => undefined).on("end", () => reply(null, Buffer.alloc(0)));
    },
  });
  const trust = ServerCredentials.createSsl(root, [{ cert_chain: chain, private_key: key }], true);
  server.bindAsync("127.0.0.1:0", trust, (error, port) => {
    if (error !== null) throw error;
    for (const below of http2ServersOf(server))
      below.on("session", (session) => raiseWindow(session, windowBytes));
    say({ event: "ready" });
    say({ event: "port", port });
  });
}

async function call(port: number): Promise<void> {
  const client = new Client(`localhost:${port}`, credentials.createSsl(root, key, chain), {
    [windowOption]: windowBytes,
    "grpc.enable_channelz": 0,
  });
  await new Promise<void>((resolve, reject) =>
    client.waitForReady(Date.now() + 20_000, (error) => (error === undefined ? resolve() : reject(error))),
  );
  say({ event: "ready" });
  await told();
  const startMs = performance.now();
  await new Promise((resolve, reject) => {
    const stream = client.makeServerStreamRequest(service.Down.path, same, same, Buffer.alloc(0));
    stream
      .on("data", () => undefined)
      .on("end", resolve)
      .on("error", reject);
  });
  await new Promise<void>((resolve, reject) => {
    const stream = client.makeClientStreamRequest(service.Up.path, same, same, (error) =>
      error === null ? resolve() : reject(error),
    );
    void pour(stream);
  });
  say({ event: "done", ms: performance.now() - startMs });
}

endWithParent();
if (words.port === undefined) serve();
else await call(words.port);
