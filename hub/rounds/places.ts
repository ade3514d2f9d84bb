import { matchingDatasets } from "#hub/routing/select.js";
import type { Site } from "#hub/sites/model.js";
import { removeHolder } from "#hub/store/limits.js";
import type { Tx } from "#hub/store/tx.js";
import type { Blocked, LimitKey } from "#hub/workflow/engine/limits.js";
import { effectKey } from "#hub/workflow/function.js";
import type { SiteId } from "#kernel/ids.js";
import type { RoundParts } from "./parts.js";
import type { Training } from "./training.js";

/** What a round's sites fall under. */
export function limitKeys(
  sites: readonly Site[],
  chosen: readonly SiteId[],
  { dataset }: Training,
): LimitKey[] {
  return sites
    .filter(({ id }) => chosen.includes(id))
    .flatMap((site): LimitKey[] => [
      `site:${site.id}`,
      `organisation:${site.organisation}`,
      ...matchingDatasets(site, dataset).map(({ name }): LimitKey => `dataset:${name}`),
    ]);
}

/**
 * Takes a place for a call under each key that has a limit. Returns why not, when there is none; then the call holds no place at all,
 * for two calls that each hold what the other needs would wait for ever.
 */
export async function takePlaces(
  { limits }: RoundParts,
  tx: Tx,
  call: Training,
  keys: readonly LimitKey[],
): Promise<Blocked | undefined> {
  const holder = effectKey(call.runId, call.effect);
  const blocked = await limits.acquire(tx, keys, holder);
  if (blocked === undefined || !limits.holds(holder)) return blocked;
  await removeHolder(tx.db, holder);
  tx.afterCommit(() => limits.freed([holder]));
  return blocked;
}
