import { sharedNowMs } from "#hub/store/database.js";
import { claimRun } from "#hub/store/owners.js";
import { findSnapshot, openRows } from "#hub/store/snapshots.js";
import type { Store } from "#hub/store/store.js";
import { newestFormat } from "#hub/workflow/interpreter/format.js";
import type { ListenerId, TimerId } from "#hub/workflow/interpreter/model.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import { type ActorParts, RunActor } from "./actor.js";
import type { Incoming } from "./batch-draft.js";
import type { Payloads } from "./payloads.js";
import type { Programs } from "./programs.js";
import { storedState } from "./stored.js";

/** Runs that stay in memory without having anything to do. */
const maxIdle = 500;

interface Parts {
  readonly store: Store;
  readonly owner: string;
  readonly clock: Clock;
  readonly payloads: Payloads;
  readonly programs: Programs;
  readonly actor: ActorParts;
}

/** The runs that are in memory. One that has nothing to do makes room for others, and is read again when something happens to it. */
export class Actors {
  readonly #parts: Parts;
  /** In the order of their last use. */
  readonly #loaded = new Map<RunId, RunActor>();
  readonly #loading = new Map<RunId, Promise<boolean>>();
  /** How many wait for a run to be read: it is not dropped before they had it, else many at once would drop each other's for ever. */
  readonly #wanted = new Map<RunId, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Hands something to a run; resolves as {@link RunActor.send} does, or with `elsewhere` when another process works on the run.
   * Throws `RUN_NOT_FOUND`.
   */
  async send(runId: RunId, incoming: Incoming): Promise<boolean | "elsewhere"> {
    for (;;) {
      // In one turn with the sending: nobody may drop the run in between.
      const actor = this.#loaded.get(runId);
      if (actor !== undefined) {
        this.#loaded.delete(runId);
        this.#loaded.set(runId, actor);
        return actor.send(incoming);
      }
      this.#want(runId, 1);
      try {
        if (!(await this.#loadOnce(runId))) return "elsewhere";
      } finally {
        this.#want(runId, -1);
      }
    }
  }

  #want(runId: RunId, change: 1 | -1): void {
    const count = (this.#wanted.get(runId) ?? 0) + change;
    if (count === 0) this.#wanted.delete(runId);
    else this.#wanted.set(runId, count);
  }

  /** A run that has just begun. */
  add(actor: RunActor): void {
    // Somebody may have read the run after the commit and before its actor came here: there is one actor for a run.
    if (this.#loaded.has(actor.runId)) return;
    this.#loaded.set(actor.runId, actor);
    this.#makeRoom();
  }

  /** Forgets what is in memory of a run under fences before this one: it was somebody else's in between. */
  forget(runId: RunId, fence: number): void {
    const actor = this.#loaded.get(runId);
    if (actor !== undefined && actor.lease.fence < fence) this.#loaded.delete(runId);
  }

  /** Settles when nothing is being decided any more. */
  async idle(): Promise<void> {
    await Promise.all([...this.#loaded.values()].map((actor) => actor.idle()));
  }

  #loadOnce(runId: RunId): Promise<boolean> {
    let loading = this.#loading.get(runId);
    if (loading === undefined) {
      loading = this.#load(runId)
        .then((actor) => {
          if (actor !== undefined) this.add(actor);
          return actor !== undefined;
        })
        .finally(() => this.#loading.delete(runId));
      this.#loading.set(runId, loading);
    }
    return loading;
  }

  #makeRoom(): void {
    if (this.#loaded.size <= maxIdle) return;
    for (const [runId, actor] of this.#loaded) {
      if (actor.busy || this.#wanted.has(runId)) continue;
      this.#loaded.delete(runId);
      if (this.#loaded.size <= maxIdle) return;
    }
  }

  async #load(runId: RunId): Promise<RunActor | undefined> {
    const { store, owner, clock, payloads, programs } = this.#parts;
    let row = await findSnapshot(store.db, runId);
    if (row === undefined) throw runNotFound(runId);
    if (row.owner !== owner) {
      const now = sharedNowMs(store.dialect, clock);
      const fence = await store.write((tx) => claimRun(tx.db, runId, { owner, now, format: newestFormat }));
      if (fence === undefined) return undefined;
      row = (await findSnapshot(store.db, runId)) ?? row;
      if (row.fence !== fence) return undefined;
    }
    const open = await openRows(store.db, runId);
    return new RunActor(this.#parts.actor, {
      runId,
      name: row.name,
      fence: row.fence,
      seq: row.seq,
      baseSeq: row.base_seq,
      state: await storedState(payloads, runId, row),
      program: await programs.get(row.workflow_sha256 as Sha256),
      open: {
        effects: new Map(open.effects.map(({ effect, call }) => [effect, call])),
        timers: new Set(open.timers as TimerId[]),
        listeners: new Set(open.listeners as ListenerId[]),
      },
    });
  }
}

export function runNotFound(runId: RunId): ComityError {
  return new ComityError("RUN_NOT_FOUND", `There is no run ${runId}.`, {
    hint: "`comity run list` shows the runs.",
  });
}
