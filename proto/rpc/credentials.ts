import { constants } from "node:crypto";
import type { SecureServerOptions } from "node:http2";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";
import { ComityError } from "#kernel/errors.js";
import { windows } from "./limits.js";

/** What a listener asks of its peers: a client certificate under the context's `ca`, or none. */
type ClientCertificates = "required" | "none";

/** A peer that has not finished its TLS handshake by then is cut off. Node waits 120 s. */
const handshakeTimeoutMs = 5_000;

/**
 * TLS 1.3 server credentials whose certificate can be replaced while connections live. Not grpc-js' certificate providers:
 * their factory swaps two arguments, and `null` turns client authentication off.
 */
export class HubServerCredentials extends ServerCredentials {
  constructor(context: SecureContextOptions, clientCertificates: ClientCertificates) {
    const strict = strictContext(context);
    const required = clientCertificates === "required";
    const options: SecureServerOptions = {
      requestCert: required,
      rejectUnauthorized: required,
      minVersion: "TLSv1.3",
      handshakeTimeout: handshakeTimeoutMs,
      settings: { initialWindowSize: windows.hubStreamBytes, maxConcurrentStreams: maxStreams },
      maxHeaderListPairs: 64,
    };
    super(options, strict);
  }

  /** From the next connection on. Throws on a pair that does not fit together, and keeps the present one. */
  rotate(context: SecureContextOptions): void {
    this.updateSecureContextOptions(strictContext(context));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** Calls at once on one connection; more wait at the client. */
export const maxStreams = 64;

/**
 * Every context carries these, not only the first: after a reload without them a listener took TLS 1.2, and a session ticket
 * let an expired certificate in.
 */
function strictContext(context: SecureContextOptions): SecureContextOptions {
  const strict: SecureContextOptions = {
    ...context,
    minVersion: "TLSv1.3",
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  try {
    createSecureContext(strict);
  } catch (cause) {
    throw new ComityError(
      "CERTIFICATE_INVALID",
      "The listener's certificate and key cannot be used together.",
      { cause },
    );
  }
  return strict;
}
