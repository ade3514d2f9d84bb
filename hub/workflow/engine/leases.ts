import { sharedNowMs } from "#hub/store/database.js";
import {
  type ClaimedRun,
  claimRuns,
  countNewerRuns,
  removeOtherOwners,
  removeOwner,
  saveOwner,
} from "#hub/store/owners.js";
import type { Store } from "#hub/store/store.js";
import { newestFormat } from "#hub/workflow/interpreter/format.js";
import type { Clock } from "#kernel/clock.js";
import type { Log } from "#kernel/log.js";

/** How long a hub that is silent keeps its runs, where others could take them. */
const leaseMs = 30_000;
/** Where a hub has the rows to itself, nobody waits for the end of its lease. */
const foreverMs = 100 * 366 * 86_400_000;

interface Parts {
  readonly store: Store;
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Runs that are this process's own from now on. */
  readonly taken: (runs: readonly ClaimedRun[]) => Promise<void>;
}

/**
 * Which runs this process works on: one lease for all of them, renewed by one statement. The runs of a process whose lease is over
 * are taken by another, each with a new fence. Should the first still be there, no transition of it is written any more, nor what its
 * functions write under the fence that they were given.
 */
export class Leases {
  readonly #parts: Parts;
  #takeBack: (() => void) | undefined;
  #renewing: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes what nobody works on, and goes on to do so. Returns what was taken at first. */
  async open(): Promise<readonly ClaimedRun[]> {
    const runs = await this.#renew(true);
    this.#arm();
    await this.#tellNewer();
    return runs;
  }

  /** Gives everything up: others may go on at once. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#takeBack?.();
    await this.#renewing;
    await this.#parts.store.write((tx) => removeOwner(tx.db, this.#parts.owner));
  }

  async #tellNewer(): Promise<void> {
    const { store, log } = this.#parts;
    const runs = await countNewerRuns(store.db, newestFormat);
    if (runs === 0) return;
    log.warn(
      { runs, code: "JOURNAL_TOO_NEW" },
      "a newer hub has written the journals of some runs: they rest",
    );
  }

  #arm(): void {
    const { store, clock, log } = this.#parts;
    if (this.#stopped || store.alone) return;
    this.#takeBack = clock.after(leaseMs / 3, () => {
      this.#renewing = this.#renew(false)
        .catch((error: unknown) =>
          log.error({ err: error }, "the lease could not be renewed; it is tried again"),
        )
        .then(() => this.#arm());
    });
  }

  async #renew(first: boolean): Promise<readonly ClaimedRun[]> {
    const { store, owner, clock, taken } = this.#parts;
    const now = sharedNowMs(store.dialect, clock);
    const runs = await store.write(async (tx) => {
      if (store.alone && first) await removeOtherOwners(tx.db, owner);
      await saveOwner(tx.db, owner, now, store.alone ? foreverMs : leaseMs);
      return claimRuns(tx.db, { owner, now, dialect: store.dialect, format: newestFormat });
    });
    if (first || runs.length > 0) await taken(runs);
    return runs;
  }
}
