import { sign, X509Certificate } from "node:crypto";
import { type Bundle, checkBundle, readBundle, writeBundle } from "#certs/bundle.js";
import { siteOfCertificate } from "#certs/identity.js";
import { keyFromPem, keyToPem, newKey } from "#certs/keys.js";
import { createRequest } from "#certs/request.js";
import { clientContext } from "#certs/tls.js";
import { ComityError } from "#kernel/errors.js";
import type { SiteId } from "#kernel/ids.js";
import type { RenewReply__Output } from "#proto/generated/comity/v1/RenewReply.js";
import { parseAddress } from "#proto/rpc/address.js";
import { RpcChannel } from "#proto/rpc/channel.js";
import { EnrollmentService } from "#proto/rpc/definitions.js";
import { proxyFor } from "#proto/rpc/proxy.js";

/** Where the hub is and how to get there, from agent.yaml. */
interface HubAddresses {
  /** `host:port` of the control port. */
  readonly hub: string;
  /** `host:port` of the agent port. */
  readonly agentAddress: string;
  readonly proxy?: string | undefined;
}

/** The agent's key and certificate, in memory and in its file, and how they are renewed. */
export class Identity {
  readonly #path: string;
  readonly #addresses: HubAddresses;
  #bundle: Bundle;

  private constructor(path: string, addresses: HubAddresses, bundle: Bundle) {
    this.#path = path;
    this.#addresses = addresses;
    this.#bundle = bundle;
  }

  /** Throws `DIRECTORY_INVALID` where no site has joined, and `CERTIFICATE_INVALID` for a damaged file. */
  static async load(path: string, addresses: HubAddresses): Promise<Identity> {
    const bundle = await readBundle(path);
    if (bundle === undefined) {
      throw new ComityError("DIRECTORY_INVALID", `There is no identity at ${path}.`, {
        hint: "Join a hub first: comity agent join TOKEN --dir DIR.",
      });
    }
    return new Identity(path, addresses, bundle);
  }

  /** The site that the certificate names. */
  get site(): SiteId {
    return siteOf(this.#bundle.certificate);
  }

  get notBeforeMs(): number {
    return this.#bundle.notBeforeMs;
  }

  get notAfterMs(): number {
    return this.#bundle.notAfterMs;
  }

  /** A new channel to the agent port with the present certificate. */
  agentChannel(): RpcChannel {
    return this.#channel(this.#addresses.agentAddress, true);
  }

  /** Asks for a certificate for a new key over a connection of the present one, and writes both. */
  async renew(channel: RpcChannel): Promise<void> {
    const key = newKey();
    const certificateRequest = createRequest(key);
    await this.#take(
      keyToPem(key),
      await channel.unary(EnrollmentService.definition.Renew, { certificateRequest }),
    );
  }

  /** The same for a certificate that has expired: over the control port, with a proof that its key is here. */
  async renewExpired(): Promise<void> {
    const key = newKey();
    const certificateRequest = createRequest(key);
    const signature = sign("sha256", certificateRequest, keyFromPem(this.#bundle.key));
    const channel = this.#channel(this.#addresses.hub, false);
    try {
      const request = { certificateRequest, certificate: this.#bundle.certificate, signature };
      await this.#take(
        keyToPem(key),
        await channel.unary(EnrollmentService.definition.RenewExpired, request),
      );
    } finally {
      channel.close();
    }
  }

  #channel(address: string, asSite: boolean): RpcChannel {
    const { root, key, chain } = this.#bundle;
    return new RpcChannel({
      address,
      tls: clientContext(asSite ? { root, identity: { key, chain } } : { root }),
      proxy: proxyFor(parseAddress(address), this.#addresses.proxy),
    });
  }

  async #take(key: string, reply: RenewReply__Output): Promise<void> {
    const renewed = checkBundle({ key, chain: reply.certificateChain, root: reply.root });
    const names = [this.#bundle, renewed].map(
      ({ certificate }) => new X509Certificate(certificate).subjectAltName,
    );
    const roots = [this.#bundle, renewed].map(({ root }) => new X509Certificate(root).fingerprint256);
    if (names[0] !== names[1] || roots[0] !== roots[1]) {
      throw new ComityError(
        "CERTIFICATE_INVALID",
        "The hub's new certificate is for another site or under another root; the old one stays.",
        {
          hint: "Ask the hub's operator; if the hub has a new root, this site must join again.",
        },
      );
    }
    this.#bundle = await writeBundle(this.#path, renewed);
  }
}

/** The site that a certificate of our own names; its trust domain is what the certificate says. */
export function siteOf(certificate: string): SiteId {
  const leaf = new X509Certificate(certificate);
  const domain = /^URI:spiffe:\/\/([a-z0-9.-]+)\//.exec(leaf.subjectAltName ?? "")?.[1] ?? "";
  return siteOfCertificate(leaf, domain);
}
