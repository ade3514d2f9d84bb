import type { Bench } from "./bench.js";
import { type RawTrust, rawTrust } from "./raw-trust.js";

const peer = new URL("./raw-peer.js", import.meta.url);

/** What both peers are given, as JSON in one argument. */
export interface RawWords extends RawTrust {
  readonly bytesEachWay: number;
  /** The server's; left out for the server itself. */
  readonly port?: number;
}

/**
 * How long one connection of bare grpc-js takes for `bytes`, half of them down and half up, in milliseconds: mutual TLS, messages of
 * 256 KiB, windows that never fill; no protobuf, no digest, no disk. Server and client are processes of their own.
 */
export async function measureRawStream(bench: Bench, bytes: number): Promise<number> {
  const { server, client } = rawTrust();
  const bytesEachWay = bytes / 2;
  const serverWords: RawWords = { ...server, bytesEachWay };
  const serving = await bench.start(peer, [JSON.stringify(serverWords)]);
  try {
    const { port } = await serving.next("port");
    const clientWords: RawWords = { ...client, bytesEachWay, port: Number(port) };
    const calling = await bench.start(peer, [JSON.stringify(clientWords)]);
    calling.tell("go");
    const { ms } = await calling.next("done");
    await calling.kill();
    bench.note(`  a bare stream: ${(Number(ms) / 1000).toFixed(2)} s for ${Math.round(bytes / 1e6)} MB`);
    return Number(ms);
  } finally {
    await serving.kill();
  }
}
