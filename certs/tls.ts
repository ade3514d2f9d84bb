import { constants } from "node:crypto";
import type { SecureContextOptions } from "node:tls";

/** Who one end of a connection is. */
export interface TlsIdentity {
  /** PEM. */
  readonly key: string;
  /** Leaf first, then the issuing authority, PEM. */
  readonly chain: string;
  /** PEM. */
  readonly root: string;
}

/**
 * What every context must say, also one that replaces another while the server runs: the options of the listener do not
 * carry over to it. Without tickets nobody gets in by a resumed session after the certificate has expired.
 */
const strict = {
  minVersion: "TLSv1.3",
  maxVersion: "TLSv1.3",
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

/** A server's context. The root is sent too, so that a new agent can compare it with its pin. `clientRoots` (PEM): who may have signed clients. */
export function serverContext(options: {
  identity: TlsIdentity;
  clientRoots?: string;
}): SecureContextOptions {
  const { key, chain, root } = options.identity;
  return {
    ...strict,
    key,
    cert: chain + root,
    ...(options.clientRoots === undefined ? {} : { ca: options.clientRoots }),
  };
}

/** A client's context: trusts the root alone; with an identity it can answer a server that asks for one. */
export function clientContext(options: {
  root: string;
  identity?: Pick<TlsIdentity, "key" | "chain">;
}): SecureContextOptions {
  const { root, identity } = options;
  return {
    ...strict,
    ca: root,
    ...(identity === undefined ? {} : { key: identity.key, cert: identity.chain }),
  };
}
