import { once } from "node:events";
import { type AddressInfo, type Server as NetServer } from "node:net";
import { type ConnectionOptions, connect, createServer, type TlsOptions } from "node:tls";
import { Authority, type AuthorityMaterial, createAuthority } from "#certs/authority.js";
import { keyToPem, newKey } from "#certs/keys.js";
import type { TlsIdentity } from "#certs/tls.js";
import { parseSiteId } from "#kernel/ids.js";

/** A throw-away authority, and identities under it. */
export class TestAuthority {
  readonly material: AuthorityMaterial & { readonly rootKey: string };
  readonly authority: Authority;

  constructor(trustDomain = "test.example", nowMs = Date.now()) {
    this.material = createAuthority({ trustDomain, nowMs });
    this.authority = new Authority(this.material);
  }

  get root(): string {
    return this.material.root;
  }

  agent(site = "acme/berlin", options: { nowMs?: number; lifetimeMs?: number } = {}): TlsIdentity {
    const key = newKey();
    const issued = this.authority.issueAgent({
      site: parseSiteId(site),
      publicKey: key,
      nowMs: Date.now(),
      ...options,
    });
    return { key: keyToPem(key), chain: issued.chain, root: this.root };
  }

  hub(names: readonly string[] = ["localhost", "127.0.0.1", "::1"]): TlsIdentity {
    const key = newKey();
    const issued = this.authority.issueHub({ names, publicKey: key, nowMs: Date.now() });
    return { key: keyToPem(key), chain: issued.chain, root: this.root };
  }
}

/** A TLS server on a free loopback port that says `hello` to everybody whom it lets in. */
export async function listenTls(
  options: TlsOptions,
): Promise<{ port: number; server: ReturnType<typeof createServer>; close: () => Promise<void> }> {
  const server = createServer(options, (socket) => {
    socket.on("error", () => undefined);
    socket.end("hello");
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.close();
    await once(server, "close");
  };
  return { port: portOf(server), server, close };
}

export const portOf = (server: NetServer): number => (server.address() as AddressInfo).port;

/** Connects and reads all; rejects with what TLS said. In TLS 1.3 a server's refusal comes after the client's handshake is done. */
export async function callTls(port: number, options: ConnectionOptions): Promise<{ text: string }> {
  const socket = connect({ host: "127.0.0.1", port, ...options });
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (piece: string) => {
    text += piece;
  });
  await once(socket, "close");
  if (text !== "hello") throw new Error("closed without a word");
  return { text };
}
