import { removeHolder } from "#hub/store/limits.js";
import { inboxOf } from "#hub/store/owners.js";
import { beginQueuedRun, queuedRuns } from "#hub/store/runs.js";
import { findSnapshot } from "#hub/store/snapshots.js";
import type { Store } from "#hub/store/store.js";
import { Serial } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { beginningOf } from "./beginning.js";
import type { Core } from "./core.js";
import type { LimitKey, Limits } from "./limits.js";
import type { Happening } from "./model.js";

interface Parts {
  readonly core: Core;
  readonly store: Store;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
}

/** The limit that the runs of a workflow fall under; `title` is `namespace/name:version`. */
export const workflowKey = (title: string): LimitKey => `workflow:${title.slice(0, title.lastIndexOf(":"))}`;

/** Runs that wait for a place under their workflow's limit: they begin in the order of their start. */
export class Queue {
  readonly #parts: Parts;
  readonly #serial = new Serial();
  #takeBack: (() => void) | undefined;
  #stopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Lets begin what can begin now. */
  async look(): Promise<void> {
    await this.#serial.run(() => this.#look());
  }

  /** {@link look}, for callers who do not wait for it. */
  lookSoon(): void {
    this.look().catch((error: unknown) =>
      this.#parts.log.error({ err: error }, "queued runs could not be looked at"),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#takeBack?.();
    await this.#serial.idle();
  }

  async #look(): Promise<void> {
    const full = new Set<LimitKey>();
    for (const { runId, workflow } of await queuedRuns(this.#parts.store.db)) {
      const key = workflowKey(workflow);
      if (this.#stopped || full.has(key)) continue;
      if (!(await this.#begin(runId, key))) full.add(key);
    }
  }

  /** False when there is no place. */
  async #begin(runId: RunId, key: LimitKey): Promise<boolean> {
    const { core, store, limits, clock } = this.#parts;
    const row = await findSnapshot(store.db, runId);
    const [first] = await inboxOf(store.db, runId);
    if (row?.owner !== core.owner || first === undefined) return true;
    const happening = (await core.payloads.unpack(first.event)) as unknown as Happening;
    const program = await core.programs.get(row.workflow_sha256 as Sha256);
    const { name, fence } = row;
    const beginning = await beginningOf(
      core,
      { runId, name, fence, program },
      { happening, item: first.item_id },
    );
    const blocked = await store.write(async (tx) => {
      const none = await limits.acquire(tx, [key], runId);
      if (none !== undefined) return none;
      // Not when it was cancelled meanwhile; its place is given back then.
      if (!(await beginQueuedRun(tx.db, runId))) {
        await removeHolder(tx.db, runId);
        return undefined;
      }
      beginning.add(tx);
      return undefined;
    });
    if (blocked?.untilMs !== undefined) {
      this.#takeBack?.();
      this.#takeBack = clock.after(Math.max(0, blocked.untilMs - clock.nowMs()), () => this.lookSoon());
    }
    return blocked === undefined;
  }
}
