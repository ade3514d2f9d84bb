import { fullJitterMs, sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { CachedBlob } from "./cache.js";
import type { HubPort } from "./hub.js";
import type { Offer } from "./model.js";
import { download } from "./transfer.js";
import { isWorthTryingAgain } from "./verdict.js";
import type { Workshop } from "./workshop.js";

/** How often a base model that arrived damaged is fetched again. */
const maxDamaged = 3;
const fetchAgain = { baseMs: 100, maxMs: 5000 } as const;

interface Ports {
  readonly workshop: Workshop;
  readonly hub: HubPort;
}

/**
 * Fetches the base model of an offer, which stays on disk until it is released; broken connections and full disks are waited for.
 * Throws what will not pass, `BLOB_DAMAGED` when it arrives damaged again and again, and the signal's reason.
 */
export async function fetchBaseModel(
  { workshop, hub }: Ports,
  offer: Offer,
  signal: AbortSignal,
): Promise<CachedBlob> {
  async function* pull(offset: number): AsyncGenerator<Uint8Array> {
    yield* download(await hub.link(signal), offer.base, offset, signal);
  }
  for (let tries = 0; ; tries++) {
    try {
      return await workshop.fetchBase(offer, pull);
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
