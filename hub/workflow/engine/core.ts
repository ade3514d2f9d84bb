import { randomUUID } from "node:crypto";
import type { RunFeed } from "#hub/runs/feed.js";
import { type ClaimedRun, inboxOf, leaseLost, removeFromInbox } from "#hub/store/owners.js";
import { deleteEffect, findSnapshot, hasReceived, type OpenEffect } from "#hub/store/snapshots.js";
import type { Store } from "#hub/store/store.js";
import type { EffectCaller, Functions } from "#hub/workflow/function.js";
import type { CloudEvent, RunState } from "#hub/workflow/interpreter/model.js";
import { sleep } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { Log } from "#kernel/log.js";
import type { EffectId } from "#kernel/refs.js";
import type { ActorParts, RunActor } from "./actor.js";
import { Actors, runNotFound } from "./actors.js";
import { type Batch, type EffectRow, publishEvent } from "./batch.js";
import { type Call, Effects } from "./effects.js";
import type { Compile, Happening, PayloadStore, Secrets } from "./model.js";
import { Payloads } from "./payloads.js";
import { Programs } from "./programs.js";
import { checkSteering } from "./steering.js";
import { storedState } from "./stored.js";
import { Timers } from "./timers.js";
import { BatchWriter } from "./writer.js";

/** How long a run rests whose next transition could not be written. */
const restMs = 5_000;

/** What the machinery needs. */
interface CoreParts {
  readonly store: Store;
  readonly feed: RunFeed;
  /** Asked for at each call: some functions need the engine itself. */
  readonly functions: () => Functions;
  readonly compile: Compile;
  readonly secrets: Secrets;
  readonly payloads: PayloadStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Hands an event that a run has published to whoever wants it; may be called again with the same event after a crash. */
  readonly publish: (event: CloudEvent) => Promise<void>;
  /** Places under limits that became free with the last commit. */
  readonly freed: (holders: readonly string[]) => void;
  readonly holds: (holder: string) => boolean;
}

/** The machinery of runs: what is committed is acted on, what comes of it is journalled. Rules for callers are in `service.ts`. */
export class Core {
  readonly owner = randomUUID();
  readonly payloads: Payloads;
  readonly programs: Programs;
  readonly actors: Actors;
  readonly effects: Effects;
  readonly timers: Timers;
  readonly writer: BatchWriter;
  readonly actor: ActorParts;
  readonly #parts: CoreParts;
  readonly #stopping = new AbortController();
  readonly #busy = new Set<Promise<void>>();

  constructor(parts: CoreParts) {
    this.#parts = parts;
    const { store, feed, functions, secrets, clock, log } = parts;
    const { owner } = this;
    this.payloads = new Payloads(parts.payloads);
    this.programs = new Programs(store.db, parts.compile);
    this.writer = new BatchWriter(store, feed, this.payloads);
    this.effects = new Effects({
      functions,
      secrets,
      log,
      settle: (runId, happening) => this.send(runId, happening),
      undone: (runId, effect) => this.#removeEffect(runId, effect),
    });
    this.timers = new Timers({
      store,
      owner,
      clock,
      log,
      fire: (runId, timer) => this.send(runId, { type: "timer.fired", timer }),
    });
    this.actor = {
      owner,
      clock,
      payloads: this.payloads,
      undoes: (key) => this.effects.undoes(key),
      keepsCall: (call) => functions().find(call)?.keepsCall === true,
      holds: parts.holds,
      received: (runId, listener, { source, id }) =>
        hasReceived(store.db, { runId, listener, source, eventId: id }),
      commit: (batch, after) => this.writer.commit(batch, after),
      forget: (runId, item) =>
        this.background(() => store.write((tx) => removeFromInbox(tx.db, runId, item))),
      committed: (actor, batch) => this.#committed(actor, batch),
      lost: (actor) => this.#lost(actor),
    };
    const { programs, payloads, actor } = this;
    this.actors = new Actors({ store, owner, clock, payloads, programs, actor });
  }

  /** Journals something for a run that this process works on. Rejects with `LEASE_LOST` when another one does. */
  async send(runId: RunId, happening: Happening): Promise<boolean> {
    const sent = await this.actors.send(runId, { happening });
    if (sent !== "elsewhere") return sent;
    throw leaseLost(runId);
  }

  /** A run's state as its snapshot has it; undefined before its first transition. Throws `RUN_NOT_FOUND`, `JOURNAL_TOO_NEW`. */
  async readState(runId: RunId): Promise<RunState | undefined> {
    const row = await findSnapshot(this.#parts.store.db, runId);
    if (row === undefined) throw runNotFound(runId);
    return storedState(this.payloads, runId, row);
  }

  /** Does something besides; {@link stop} waits for it. It is tried again until it succeeds or the hub stops. */
  background(work: () => Promise<unknown>): void {
    const doing = this.#repeat(work).finally(() => this.#busy.delete(doing));
    this.#busy.add(doing);
  }

  /** The run was somebody else's before this fence: what is under way here for it ends. */
  forget({ runId, fence }: ClaimedRun): void {
    this.actors.forget(runId, fence);
    this.effects.abandon(runId, fence);
  }

  /** Takes up a call, or the undoing of one, from its row. */
  async takeUp(row: OpenEffect): Promise<void> {
    const argument = await this.payloads.unpack(row.argument);
    const runId = row.run_id as RunId;
    if (row.call === publishEvent) {
      this.#publish(runId, row.effect, argument);
      return;
    }
    const caller = {
      runId,
      effect: row.effect as EffectId,
      ref: row.ref,
      runName: row.name,
      runStartedAtMs: row.started_at_ms,
      lease: { owner: this.owner, fence: row.fence },
      resumes: (row.resumes as EffectId | null) ?? undefined,
      madeSeq: row.made_seq,
    };
    const secrets = row.argument.includes("_secret.")
      ? (await this.readState(runId))?.info.secrets
      : undefined;
    const call: Call = { caller, call: row.call, argument, secrets: secrets ?? {} };
    if (row.cancel_reason === null) this.effects.start(call);
    else this.effects.undo(call, row.cancel_reason);
  }

  /** Takes what waits in a run's inbox; a run that is queued begins with it elsewhere. */
  async takeInbox(runId: RunId): Promise<void> {
    for (const { item_id: item, event } of await inboxOf(this.#parts.store.db, runId)) {
      const happening = (await this.payloads.unpack(event)) as unknown as Happening;
      if (happening.type === "run.started") return;
      const check = (state: RunState | undefined) => checkSteering(runId, happening, state);
      try {
        if ((await this.actors.send(runId, { happening, item, check })) === "elsewhere") return;
      } catch (error) {
        const { code, kind } = ComityError.from(error);
        if (kind.retryable === true) throw error;
        this.#parts.log.info({ runId, code, err: error }, "what waited for a run came too late");
      }
    }
  }

  /** The run goes on by itself. */
  goOn(runId: RunId): void {
    this.background(() => this.send(runId, { type: "run.continued" }));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.timers.stop();
    await this.effects.stop();
    await Promise.allSettled(this.#busy);
    await this.actors.idle();
  }

  async #repeat(work: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#stopping;
    do {
      try {
        await work();
        return;
      } catch (error) {
        if (error instanceof ComityError && (error.code === "LEASE_LOST" || error.code === "RUN_NOT_FOUND"))
          return;
        this.#parts.log.error({ err: error }, "the engine could not write; it tries again");
        await sleep(restMs, signal);
      }
    } while (!signal.aborted);
  }

  #committed(actor: RunActor, batch: Batch): void {
    const { runId, state } = actor;
    if (state === undefined) return;
    for (const effect of batch.endedEffects) this.effects.end(runId, effect);
    for (const { effect, reason } of batch.undoneEffects) this.effects.cancel(runId, effect, reason);
    for (const effect of batch.effects) this.#begin(actor, state, effect);
    for (const { dueAtMs } of batch.timers) this.timers.notice(dueAtMs);
    if (batch.continues) this.goOn(runId);
    if (batch.freed.length > 0) this.#parts.freed(batch.freed);
  }

  #begin(actor: RunActor, state: RunState, row: EffectRow): void {
    if (this.#stopping.signal.aborted) return;
    const { effect, call, argument, ref, resumes, madeSeq } = row;
    const { runId, name: runName, lease } = actor;
    if (call === publishEvent) {
      this.#publish(runId, effect, argument);
      return;
    }
    const runStartedAtMs = state.info.startedAtMs;
    const caller: EffectCaller = {
      runId,
      effect: effect as EffectId,
      ref,
      runName,
      runStartedAtMs,
      lease,
      resumes,
      madeSeq,
    };
    this.effects.start({ caller, call, argument, secrets: state.info.secrets });
  }

  #publish(runId: RunId, effect: string, event: Json): void {
    this.background(async () => {
      await this.#parts.publish(event as unknown as CloudEvent);
      await this.#removeEffect(runId, effect);
    });
  }

  async #removeEffect(runId: RunId, effect: string): Promise<void> {
    await this.#parts.store.write((tx) => deleteEffect(tx.db, runId, effect));
  }

  #lost(actor: RunActor): void {
    this.#parts.log.warn({ runId: actor.runId }, "another hub works on the run");
    this.forget({ runId: actor.runId, fence: actor.lease.fence + 1 });
  }
}
