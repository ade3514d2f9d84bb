import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import {
  type ConnectionOptions,
  connect as connectTls,
  type DetailedPeerCertificate,
  type TLSSocket,
} from "node:tls";
import { ComityError } from "#kernel/errors.js";
import { pinOf } from "./keys.js";

const timeoutMs = 10_000;
/** Leaf, issuing authority and root, and room for an authority between. */
const maxChain = 4;

/**
 * Asks a hub for its root certificate and takes it only if its key is one of the pinned ones and the hub's certificate
 * leads to it. No secret is sent on this connection. Returns the root, PEM; the next connection trusts it and nothing else.
 * `connect` gives a socket that is connected already, for a proxy. Throws `HUB_UNREACHABLE` or `PIN_MISMATCH`.
 */
export async function fetchPinnedRoot(options: {
  host: string;
  port: number;
  pins: readonly string[];
  connect?: () => Promise<Duplex>;
}): Promise<string> {
  const chain = await fetchChain(options);
  const root = chain.at(-1);
  if (root === undefined || !root.verify(root.publicKey))
    throw mismatch(options, "it does not show its root certificate");
  if (!options.pins.includes(pinOf(root.publicKey)))
    throw mismatch(options, "its root key is not the one that the token names");
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined) continue;
    if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      throw mismatch(options, "its certificate was not issued under the root that it shows");
    }
  }
  return root.toString();
}

/** The certificates that a server sends, leaf first. */
async function fetchChain(options: {
  host: string;
  port: number;
  connect?: () => Promise<Duplex>;
}): Promise<X509Certificate[]> {
  const { host, port } = options;
  // The chain is judged by the pin, so the usual judgement is off; the proof that the server holds the leaf's key is not.
  const settings: ConnectionOptions = {
    minVersion: "TLSv1.3",
    rejectUnauthorized: false,
    ALPNProtocols: ["h2"],
  };
  if (isIP(host) === 0) settings.servername = host;
  const via = await options.connect?.();
  const socket = connectTls(via === undefined ? { ...settings, host, port } : { ...settings, socket: via });
  try {
    await handshake(socket);
    return walk(socket.getPeerCertificate(true));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "the connection failed";
    throw new ComityError(
      "HUB_UNREACHABLE",
      `There is no TLS 1.3 connection to the hub at ${host}:${port}: ${reason}.`,
      {
        hint: "Check the address, the firewall and the proxy: the port must be the hub's control port, and nothing between may end TLS.",
        cause,
      },
    );
  } finally {
    socket.destroy();
    via?.destroy();
  }
}

function handshake(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    // Stays on: an error after the end must not go unheard, for that would end the process.
    socket.on("error", (error: Error) => {
      reject(error);
    });
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once("close", () => {
      clearTimeout(timer);
      reject(new Error("the connection was closed"));
    });
  });
}

/** Leaf first, up to the certificate that is its own issuer. */
function walk(peer: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (
    let next: Partial<DetailedPeerCertificate> = peer;
    next.raw !== undefined && chain.length < maxChain;
  ) {
    chain.push(new X509Certificate(next.raw));
    // Undefined, against its type, where the server sent no issuer.
    const issuer: Partial<DetailedPeerCertificate> | undefined = next.issuerCertificate;
    if (issuer === undefined || issuer.fingerprint256 === next.fingerprint256) break;
    next = issuer;
  }
  return chain;
}

function mismatch({ host, port }: { host: string; port: number }, why: string): ComityError {
  return new ComityError(
    "PIN_MISMATCH",
    `The server at ${host}:${port} is not the hub that wrote the token: ${why}.`,
    {
      hint: "Somebody may be listening in, or a proxy ends TLS. The token was not sent. Ask the hub's operator for the pin by another way.",
    },
  );
}
