import { type Lease, leaseLost } from "#hub/store/owners.js";
import type { RunState } from "#hub/workflow/interpreter/model.js";
import { deferred } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import type { RunId } from "#kernel/ids.js";
import type { Batch } from "./batch.js";
import { BatchDraft, type DraftParts, type Incoming } from "./batch-draft.js";
import { type Standing, standingAfter } from "./standing.js";

/** Events that are made into one batch at the most. */
const maxEvents = 64;

/** What the actor needs of the engine. */
export interface ActorParts extends DraftParts {
  readonly clock: Clock;
  /** Makes a batch durable; false when the run belongs to somebody else by now. */
  readonly commit: (batch: Batch, after: () => void) => Promise<boolean>;
  /** An item of the inbox was not for the run as it stands. */
  readonly forget: (runId: RunId, item: string) => void;
  /** Told after the commit, in the same turn. */
  readonly committed: (actor: RunActor, batch: Batch) => void;
  /** The run belongs to somebody else. */
  readonly lost: (actor: RunActor) => void;
}

/** What was sent, and who waits for it. */
interface Waiting extends Incoming {
  readonly done: ReturnType<typeof deferred<boolean>>;
}

/**
 * One run in memory: what happens to it is taken in order, each time all that is there, through the interpreter and into one
 * transaction. The next event sees a new state only when it is durable.
 */
export class RunActor {
  readonly #parts: ActorParts;
  #standing: Standing;
  #queue: Waiting[] = [];
  #working: Promise<void> | undefined;
  #lastMs = 0;

  constructor(parts: ActorParts, standing: Standing) {
    this.#parts = parts;
    this.#standing = standing;
  }

  get runId(): RunId {
    return this.#standing.runId;
  }

  get state(): RunState | undefined {
    return this.#standing.state;
  }

  get name(): string {
    return this.#standing.name;
  }

  /** As whom its transitions are written. */
  get lease(): Lease {
    const { owner } = this.#parts;
    return { owner, fence: this.#standing.fence };
  }

  get busy(): boolean {
    return this.#working !== undefined || this.#queue.length > 0;
  }

  /** Resolves when the event is durable: true, or false when nobody waited for it any more. */
  send(incoming: Incoming): Promise<boolean> {
    const done = deferred<boolean>();
    this.#queue.push({ ...incoming, done });
    this.#working ??= this.#work();
    return done.promise;
  }

  /** Settles when everything that was sent is decided. */
  async idle(): Promise<void> {
    await this.#working;
  }

  /** Makes the batch of a run that begins; the caller writes it together with the run's row, and calls `moved` after the commit. */
  async begin(incoming: Incoming): Promise<{ batch: Batch; moved: () => void }> {
    const draft = new BatchDraft(this.#parts, this.#standing);
    await draft.take(incoming, () => this.#nowMs());
    const batch = draft.batch(this.#parts.clock.nowMs());
    return { batch, moved: () => this.#moved(draft, batch) };
  }

  async #work(): Promise<void> {
    // What is sent in the same turn comes into the same batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const taken: Waiting[] = [];
      try {
        await this.#round(taken);
      } catch (error) {
        for (const { done } of taken) done.reject(error);
      }
    }
    this.#working = undefined;
  }

  /** One batch; `taken` becomes what is in it. */
  async #round(taken: Waiting[]): Promise<void> {
    const draft = new BatchDraft(this.#parts, this.#standing);
    for (const waiting of this.#queue.splice(0, maxEvents)) {
      try {
        if (await draft.take(waiting, () => this.#nowMs())) taken.push(waiting);
        else this.#drop(waiting, () => waiting.done.resolve(false));
      } catch (error) {
        this.#drop(waiting, () => waiting.done.reject(error));
      }
    }
    if (draft.isEmpty) return;
    const batch = draft.batch(this.#parts.clock.nowMs());
    const kept = await this.#parts.commit(batch, () => {
      for (const { done } of taken) done.resolve(true);
      this.#moved(draft, batch);
    });
    if (kept) return;
    this.#parts.lost(this);
    throw leaseLost(this.runId);
  }

  #drop({ item }: Waiting, tell: () => void): void {
    if (item !== undefined) this.#parts.forget(this.runId, item);
    tell();
  }

  #nowMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.#parts.clock.nowMs());
    return this.#lastMs;
  }

  #moved(draft: BatchDraft, batch: Batch): void {
    this.#standing = standingAfter(this.#standing, batch, draft.now);
    this.#parts.committed(this, batch);
  }
}
