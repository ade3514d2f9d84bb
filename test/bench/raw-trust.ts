import { Authority, createAuthority } from "#certs/authority.js";
import { keyToPem, newKey } from "#certs/keys.js";
import { parseSiteId } from "#kernel/ids.js";

/** One end of a bare mutual TLS connection, all of it in PEM. */
export interface RawTrust {
  readonly root: string;
  readonly chain: string;
  readonly key: string;
}

/** A server at `localhost` and a client that trust each other. */
export function rawTrust(): { readonly server: RawTrust; readonly client: RawTrust } {
  const nowMs = Date.now();
  const material = createAuthority({ trustDomain: "bench.example", nowMs });
  const authority = new Authority(material);
  const { root } = material;
  const [serverKey, clientKey] = [newKey(), newKey()];
  const { chain } = authority.issueHub({ names: ["localhost"], publicKey: serverKey, nowMs });
  const client = authority.issueAgent({ site: parseSiteId("bench/raw"), publicKey: clientKey, nowMs });
  return {
    server: { root, chain, key: keyToPem(serverKey) },
    client: { root, chain: client.chain, key: keyToPem(clientKey) },
  };
}
