import { fullJitterMs, sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { BlobRef } from "#kernel/refs.js";
import type { Kind } from "#proto/work/kind.js";
import type { BlobCache, CachedBlob } from "./cache.js";
import type { HubPort } from "./hub.js";
import { inputOf, type Offer } from "./model.js";
import { download } from "./transfer.js";
import { isWorthTryingAgain } from "./verdict.js";

/** How often an input that arrived damaged is fetched again. */
const maxDamaged = 3;
const fetchAgain = { baseMs: 100, maxMs: 5000 } as const;

interface Ports {
  readonly cache: BlobCache;
  readonly hub: HubPort;
}

/** The inputs of one offer. What was opened stays on disk until it is released. */
export class Inputs {
  readonly #ports: Ports;
  readonly #offer: Offer;
  readonly #signal: AbortSignal;
  readonly #opened = new Map<string, Promise<CachedBlob>>();

  constructor(ports: Ports, offer: Offer, signal: AbortSignal) {
    this.#ports = ports;
    this.#offer = offer;
    this.#signal = signal;
  }

  /** Fetches what the kind wants to have before its step begins. Throws as {@link open} does. */
  async fetchFirst({ inputs }: Kind): Promise<void> {
    const first = Object.entries(inputs).filter(([, { fetch }]) => fetch === "start");
    await Promise.all(first.map(async ([name]) => await this.open(name)));
  }

  /**
   * One input, from the cache or from the hub; undefined where the offer has none of that name. Broken connections and full disks are
   * waited for. Throws what will not pass, `BLOB_DAMAGED` when it arrives damaged again and again, and the signal's reason.
   */
  async open(name: string): Promise<CachedBlob | undefined> {
    const blob = inputOf(this.#offer, name);
    if (blob === undefined) return undefined;
    let opened = this.#opened.get(name);
    if (opened === undefined) {
      opened = this.#fetch(blob);
      this.#opened.set(name, opened);
    }
    return await opened;
  }

  /** Lets go of everything that was opened. */
  release(): void {
    for (const opened of this.#opened.values()) {
      opened.then(
        (blob) => blob.release(),
        () => undefined,
      );
    }
    this.#opened.clear();
  }

  async #fetch(blob: BlobRef): Promise<CachedBlob> {
    const { cache, hub } = this.#ports;
    const signal = this.#signal;
    async function* pull(offset: number): AsyncGenerator<Uint8Array> {
      yield* download(await hub.link(signal), blob, offset, signal);
    }
    for (let tries = 0; ; tries++) {
      try {
        return await cache.acquire(blob, pull);
      } catch (thrown) {
        signal.throwIfAborted();
        const damaged = thrown instanceof ComityError && thrown.code === "BLOB_DAMAGED";
        if (!isWorthTryingAgain(thrown) || (damaged && tries >= maxDamaged)) throw thrown;
        await sleep(fullJitterMs(tries, fetchAgain), signal);
        signal.throwIfAborted();
        await hub.link(signal);
      }
    }
  }
}
