import { Authority, createAuthority } from "#certs/authority.js";
import { keyToPem, newKey } from "#certs/keys.js";
import { parseSiteId } from "#kernel/ids.js";
import type { Bench } from "./bench.js";

const peer = new URL("./raw-peer.js", import.meta.url);

/** What both peers are given, as JSON in one argument. */
export interface RawWords {
  readonly root: string;
  readonly chain: string;
  readonly key: string;
  readonly bytesEachWay: number;
  /** The server's; left out for the server itself. */
  readonly port?: number;
}

/**
 * How long one connection of bare grpc-js takes for `bytes`, half of them down and half up, in milliseconds: mutual TLS, messages of
 * 256 KiB, windows that never fill; no protobuf, no digest, no disk. Server and client are processes of their own.
 */
export async function measureRawStream(bench: Bench, bytes: number): Promise<number> {
  const nowMs = Date.now();
  const material = createAuthority({ trustDomain: "bench.example", nowMs });
  const authority = new Authority(material);
  const [serverKey, clientKey] = [newKey(), newKey()];
  const server = authority.issueHub({ names: ["localhost"], publicKey: serverKey, nowMs });
  const client = authority.issueAgent({ site: parseSiteId("bench/raw"), publicKey: clientKey, nowMs });
  const common = { root: material.root, bytesEachWay: bytes / 2 };
  const serverWords: RawWords = { ...common, chain: server.chain, key: keyToPem(serverKey) };
  const serving = await bench.start(peer, [JSON.stringify(serverWords)]);
  try {
    const { port } = await serving.next("port");
    const clientWords: RawWords = {
      ...common,
      chain: client.chain,
      key: keyToPem(clientKey),
      port: Number(port),
    };
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
