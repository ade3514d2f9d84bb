import type { RunFeed } from "#hub/runs/feed.js";
import type { ClaimedRun } from "#hub/store/owners.js";
import { type OpenEffect, ownedEffects, wokenRuns } from "#hub/store/snapshots.js";
import type { Store } from "#hub/store/store.js";
import type { RunId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import type { Core } from "./core.js";
import type { Limits } from "./limits.js";
import type { Queue } from "./queue.js";

/** Calls that are read at a time. */
const pageEffects = 500;

interface Parts {
  readonly store: Store;
  readonly feed: RunFeed;
  readonly core: Core;
  readonly limits: Limits;
  readonly queue: Queue;
  readonly log: Log;
}

/** Goes on with the runs of this process from where their rows stand, whoever worked on them before. */
export class Takeover {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Makes the calls of this process's runs, fires their timers, and lets go on what was about to. `taken`: those that are new to it. */
  async takeUp(taken: readonly ClaimedRun[]): Promise<void> {
    const { store, feed, core, limits, queue } = this.#parts;
    for (const run of taken) core.forget(run);
    await limits.load();
    const working = await this.#takeUpCalls();
    const text = "The hub has started again and goes on with the run.";
    const resumed = taken.map(({ runId }) => runId).filter((runId) => working.has(runId));
    await store.write((tx) => {
      for (const runId of resumed) feed.append(tx, { runId, type: "hub.resumed", text });
    });
    for (const { runId, continues } of await wokenRuns(store.db, core.owner)) {
      if (continues) core.goOn(runId);
      core.background(() => core.takeInbox(runId));
    }
    core.timers.look();
    queue.lookSoon();
  }

  /** Returns the runs that have calls under way. */
  async #takeUpCalls(): Promise<ReadonlySet<RunId>> {
    const { store, core } = this.#parts;
    const working = new Set<RunId>();
    let after = { runId: "", effect: "" };
    for (;;) {
      const page = await ownedEffects(store.db, core.owner, after, pageEffects);
      for (const row of page) {
        working.add(row.run_id as RunId);
        await this.#takeUpCall(row);
      }
      const last = page.at(-1);
      if (last === undefined) return working;
      after = { runId: last.run_id, effect: last.effect };
    }
  }

  /** A call that cannot be taken up, because a value of it is lost, keeps no other run from going on. */
  async #takeUpCall(row: OpenEffect): Promise<void> {
    try {
      await this.#parts.core.takeUp(row);
    } catch (error) {
      const { run_id: runId, effect, call } = row;
      this.#parts.log.error(
        { runId, effect, call, err: error },
        "a call could not be taken up; its run rests",
      );
    }
  }
}
