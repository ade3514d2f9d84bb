import type { SecureContextOptions } from "node:tls";
import type { Authority } from "#certs/authority.js";
import { keyToPem, newKey } from "#certs/keys.js";
import { renewalDelayMs } from "#certs/renewal.js";
import { serverContext } from "#certs/tls.js";
import type { Clock } from "#kernel/clock.js";
import type { Log } from "#kernel/log.js";
import { HubServerCredentials } from "#proto/rpc/credentials.js";

/**
 * The hub's own certificate: made at each start with a new key, which is never written down, and replaced at half of its life
 * without touching a live connection.
 */
export class HubIdentity {
  readonly control: HubServerCredentials;
  readonly agents: HubServerCredentials;
  readonly #authority: Authority;
  readonly #names: readonly string[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #followers = new Set<(context: SecureContextOptions) => void>();
  #present: SecureContextOptions;
  #takeBack = () => {};

  constructor(authority: Authority, names: readonly string[], clock: Clock, log: Log) {
    this.#authority = authority;
    this.#names = names;
    this.#clock = clock;
    this.#log = log;
    const { control, agents } = this.#issue();
    this.#present = control;
    this.control = new HubServerCredentials(control, "none");
    this.agents = new HubServerCredentials(agents, "required");
  }

  /** Gives the present certificate for a listener that asks for none of its peers, and each that takes its place. */
  follow(take: (context: SecureContextOptions) => void): void {
    this.#followers.add(take);
    take(this.#present);
  }

  stop(): void {
    this.#takeBack();
  }

  #issue() {
    const key = newKey();
    const nowMs = this.#clock.nowMs();
    const leaf = this.#authority.issueHub({ names: this.#names, publicKey: key, nowMs });
    const { notBeforeMs, notAfterMs } = leaf;
    const delayMs = renewalDelayMs({ notBeforeMs, notAfterMs, nowMs, random: Math.random() });
    this.#takeBack = this.#clock.after(delayMs, () => this.#rotate());
    const identity = { key: keyToPem(key), chain: leaf.chain, root: this.#authority.root };
    return {
      control: serverContext({ identity }),
      agents: serverContext({ identity, clientRoots: this.#authority.root }),
    };
  }

  #rotate(): void {
    try {
      const { control, agents } = this.#issue();
      this.control.rotate(control);
      this.agents.rotate(agents);
      this.#present = control;
      for (const take of this.#followers) take(control);
      this.#log.info("the hub's certificate has been renewed");
    } catch (error) {
      this.#log.error(
        { err: error },
        "the hub's certificate could not be renewed; the next try is in an hour",
      );
      this.#takeBack = this.#clock.after(3_600_000, () => this.#rotate());
    }
  }
}
