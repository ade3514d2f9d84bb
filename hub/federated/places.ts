import { matchingDatasets } from "#hub/routing/select.js";
import type { Site } from "#hub/sites/model.js";
import { removeHolder } from "#hub/store/limits.js";
import type { Tx } from "#hub/store/tx.js";
import type { Blocked, LimitKey } from "#hub/workflow/engine/limits.js";
import { effectKey } from "#hub/workflow/function.js";
import type { SiteId } from "#kernel/ids.js";
import type { CallRef } from "#kernel/refs.js";
import type { DatasetSelector } from "#proto/codec/work.js";
import type { DriverParts } from "./parts.js";

/** What the sites of a stage fall under. */
export function limitKeys(
  sites: readonly Site[],
  chosen: readonly SiteId[],
  dataset: DatasetSelector | undefined,
): LimitKey[] {
  return sites
    .filter(({ id }) => chosen.includes(id))
    .flatMap((site): LimitKey[] => [
      `site:${site.id}`,
      `organisation:${site.organisation}`,
      ...(dataset === undefined ? [] : matchingDatasets(site, dataset)).map(
        ({ name }): LimitKey => `dataset:${name}`,
      ),
    ]);
}

/** There is no place for a call under a limit. */
export class NoPlace extends Error {
  readonly blocked: Blocked;
  /** It held places that it has to give back. */
  readonly held: boolean;

  constructor(blocked: Blocked, held: boolean) {
    super(blocked.text);
    this.blocked = blocked;
    this.held = held;
  }
}

/** Takes a place for a call under each key that has a limit. Throws {@link NoPlace}. */
export async function takePlaces(
  { limits }: DriverParts,
  tx: Tx,
  { runId, effect }: CallRef,
  keys: readonly LimitKey[],
): Promise<void> {
  const holder = effectKey(runId, effect);
  const blocked = await limits.acquire(tx, keys, holder);
  if (blocked !== undefined) throw new NoPlace(blocked, limits.holds(holder));
}

/** A call that waits for one place holds none: two calls that each hold what the other needs would wait for ever. */
export async function givePlacesBack(
  { store, limits }: DriverParts,
  { runId, effect }: CallRef,
): Promise<void> {
  const holder = effectKey(runId, effect);
  await store.write(async (tx) => {
    await removeHolder(tx.db, holder);
    tx.afterCommit(() => limits.freed([holder]));
  });
}
