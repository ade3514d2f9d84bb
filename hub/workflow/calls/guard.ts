import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isPublic } from "./addresses.js";
import { callFailure } from "./failures.js";
import { bareHost, HostList } from "./hosts.js";

/** All addresses of a host. Rejects where there are none. */
type Resolver = (host: string) => Promise<readonly LookupAddress[]>;

export interface GuardSettings {
  /** What is reached besides the public internet: names (`*.` before one: all below it), addresses, ranges. */
  readonly allow?: readonly string[];
  /** Who speaks gRPC without TLS; this machine always may. */
  readonly plaintext?: readonly string[];
  readonly resolver?: Resolver;
}

/** The addresses that `localhost` has, and every name below it (RFC 6761). */
const loopback: readonly LookupAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** This machine: what a run without a hub may reach too. */
export const thisMachine: readonly string[] = ["localhost", "127.0.0.0/8", "::1"];

const systemResolver: Resolver = (host) => lookup(host, { all: true, verbatim: true });

/**
 * Says whom a workflow's calls may reach: the public internet, and of inner networks what the hub's operator has named. A host is
 * resolved once, here; the connection goes to the addresses that were looked at, so that no second answer of the DNS counts.
 */
export class AddressGuard {
  readonly #allowed: HostList;
  readonly #plaintext: HostList;
  readonly #resolver: Resolver;

  /** Throws a RangeError on an entry that looks like a range and is none. */
  constructor({ allow = [], plaintext = [], resolver = systemResolver }: GuardSettings = {}) {
    this.#allowed = new HostList(allow);
    this.#plaintext = new HostList([...thisMachine, ...plaintext]);
    this.#resolver = resolver;
  }

  /** The addresses to connect to. Throws a failure: `authorization` when one of them is not allowed, `communication` when there are none. */
  async resolve(host: string): Promise<readonly LookupAddress[]> {
    const bare = bareHost(host);
    const family = isIP(bare);
    const addresses = family > 0 ? [{ address: bare, family }] : await this.#lookup(bare);
    if (this.#allowed.hasName(bare) || addresses.every((one) => this.#allows(one))) return addresses;
    throw refusal(host);
  }

  /** Throws the failure of {@link resolve} where it is certain without the DNS: for an address, and for the names of this machine. */
  checkWritten(host: string): void {
    const bare = bareHost(host);
    const family = isIP(bare);
    if (this.#allowed.hasName(bare)) return;
    const known = family > 0 ? [{ address: bare, family }] : isLoopbackName(bare) ? loopback : undefined;
    // A machine may give its name one of the two addresses only.
    if (known !== undefined && !known.some((one) => this.#allows(one))) throw refusal(host);
  }

  /** Whether a host speaks gRPC without TLS. Decided by what the workflow has written, not by what the DNS says. */
  isPlaintext(host: string): boolean {
    const bare = bareHost(host);
    return this.#plaintext.hasName(bare) || (isIP(bare) > 0 && this.#plaintext.hasAddress(bare));
  }

  #allows({ address }: LookupAddress): boolean {
    return isPublic(address) || this.#allowed.hasAddress(address);
  }

  async #lookup(host: string): Promise<readonly LookupAddress[]> {
    try {
      const found = await this.#resolver(host);
      if (found.length > 0) return found;
    } catch (cause) {
      throw callFailure("communication", `There is no host ${host}`, { status: 502, cause });
    }
    throw callFailure("communication", `There is no host ${host}`, { status: 502 });
  }
}

const isLoopbackName = (host: string): boolean => /(^|\.)localhost\.?$/i.test(host);

// The address itself stays untold: a workflow is no means to look into the DNS of the house.
const refusal = (host: string): Error =>
  callFailure("authorization", `The hub does not call ${host}`, {
    detail:
      "It has an address within an inner network. Whoever runs the hub may name it under http.allow in hub.yaml.",
  });
