import type { Clock } from "#kernel/clock.js";

/** Failed attempts that an address may make at once, and how fast they are forgiven. */
const burst = 20;
const forgiveMs = 3_000;
const maxAddresses = 10_000;

/** Counts failed attempts to join by network address, so that guessing soon becomes slow. Nothing that succeeds is counted. */
export class Attempts {
  readonly #clock: Clock;
  /** When an address will have been forgiven everything. */
  readonly #clearAtMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether an address (`ip:port` or `ip`) may try now. */
  allows(peer: string): boolean {
    return (this.#clearAtMs.get(addressOf(peer)) ?? 0) - this.#clock.nowMs() <= (burst - 1) * forgiveMs;
  }

  failed(peer: string): void {
    const address = addressOf(peer);
    const nowMs = this.#clock.nowMs();
    const clearAtMs = Math.max(this.#clearAtMs.get(address) ?? 0, nowMs) + forgiveMs;
    // Behind the others, so that the oldest is forgotten first.
    this.#clearAtMs.delete(address);
    this.#clearAtMs.set(address, clearAtMs);
    const [oldest] = this.#clearAtMs.keys();
    if (this.#clearAtMs.size > maxAddresses && oldest !== undefined) this.#clearAtMs.delete(oldest);
  }
}

const addressOf = (peer: string): string => peer.replace(/:\d+$/, "");
