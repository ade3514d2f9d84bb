import { isEnded, type Run } from "#hub/runs/model.js";
import type { Presence } from "#hub/sites/presence.js";
import { findRun } from "#hub/store/runs.js";
import { forgetRunStates } from "#hub/store/site-states.js";
import type { Store } from "#hub/store/store.js";
import type { Clock } from "#kernel/clock.js";
import type { RunId, SiteId } from "#kernel/ids.js";

/** How long sites keep what a run needs that has failed or was cancelled: it may be tried again, and goes on from there. */
const keepMs = 7 * 86_400_000;

interface Parts {
  readonly store: Store;
  readonly presence: Presence;
  readonly clock: Clock;
}

/** Tells sites when what they keep for a run may go. */
export class SiteStates {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The run is complete: nothing of it is needed any more. */
  async runEnded(runId: RunId): Promise<void> {
    const { store, presence } = this.#parts;
    const sites = await store.write((tx) => forgetRunStates(tx.db, runId));
    for (const site of sites) presence.get(site)?.runEnded(runId);
  }

  /** A site keeps something for these runs: of those that nobody goes on with, it may go. */
  async kept(site: SiteId, runs: readonly RunId[]): Promise<void> {
    const { store, presence, clock } = this.#parts;
    for (const runId of runs) {
      const run = await findRun(store.db, runId);
      if (run === undefined || isOver(run, clock.nowMs())) presence.get(site)?.runEnded(runId);
    }
  }
}

const isOver = ({ state, endedAtMs }: Run, nowMs: number): boolean =>
  state === "completed" || (endedAtMs !== undefined && isEnded(state) && nowMs - endedAtMs > keepMs);
