import type { NewEvent } from "#hub/runs/model.js";
import type { Command, EventFilter, ListenerId, RunState, TimerId } from "#hub/workflow/interpreter/model.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { EffectId } from "#kernel/refs.js";
import type { Payload } from "./payloads.js";
import type { TaskRow } from "./tasks.js";

/** A call that begins, or an event that is to be published; as its row says it. */
export interface EffectRow {
  /** An EffectId, or `p1.2` for an event. */
  readonly effect: string;
  readonly call: string;
  readonly argument: Json;
  readonly argumentText: string;
  readonly ref: string;
  readonly resumes: EffectId | undefined;
  /** The number of the transition that has made it. */
  readonly madeSeq: number;
}

/** A run's row after a transition that has changed its status. */
export interface RunEnd {
  readonly state: RunState["status"];
  readonly endedAtMs: number | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly errorCode: string | null;
  readonly errorText: string | null;
}

/** An answer to a call that changed something, by its `op_id`; see `hub/store/operations.ts`. */
export interface OperationRow {
  readonly opId: string;
  readonly actor: string;
  readonly method: string;
  readonly contentSha256: string;
  readonly reply: string;
}

/** One or more transitions of one run that are written together: everything that they change. */
export interface Batch {
  readonly runId: RunId;
  readonly owner: string;
  readonly fence: number;
  /** The number of the last transition before these. */
  readonly fromSeq: number;
  readonly nowMs: number;
  readonly workflowSha256: Sha256;
  /** `namespace/name:version` of the same. */
  readonly workflow: string;
  readonly stateText: string;
  readonly live: boolean;
  readonly continues: boolean;
  /** The journal becomes so long that it is folded into the snapshot. */
  readonly folds: boolean;
  readonly transitions: readonly {
    readonly atMs: number;
    readonly event: string;
    readonly stateSha256: Sha256;
  }[];
  readonly effects: readonly EffectRow[];
  readonly endedEffects: readonly string[];
  /** Calls whose function has to undo what it has begun; their rows go when it has. */
  readonly undoneEffects: readonly { readonly effect: string; readonly reason: string }[];
  /** Ends of calls that their functions keep, with the numbers of the transitions that take them in. */
  readonly endedCalls: readonly { readonly effect: string; readonly seq: number }[];
  readonly timers: readonly { readonly timer: TimerId; readonly dueAtMs: number }[];
  readonly endedTimers: readonly TimerId[];
  readonly listeners: readonly {
    readonly listener: ListenerId;
    readonly filters: readonly EventFilter[];
    /** The types of event that the filters name; empty for a filter that takes more than one. */
    readonly types: readonly string[];
  }[];
  readonly endedListeners: readonly ListenerId[];
  readonly received: readonly {
    readonly listener: ListenerId;
    readonly source: string;
    readonly eventId: string;
  }[];
  readonly tasks: readonly TaskRow[];
  readonly run: RunEnd | undefined;
  readonly news: readonly NewEvent[];
  readonly payloads: readonly Payload[];
  readonly operations: readonly OperationRow[];
  /** Items of the inbox that these transitions have taken. */
  readonly taken: readonly string[];
  /** Holders whose places under limits become free. */
  readonly freed: readonly string[];
}

/** What is open of a run, as its rows say it. */
export interface Open {
  /** With what they call. */
  readonly effects: Map<string, string>;
  readonly timers: Set<TimerId>;
  readonly listeners: Set<ListenerId>;
}

/** What commands come to when they are carried out in their order. */
export class Delta {
  readonly effects = new Map<string, Omit<EffectRow, "effect" | "argumentText">>();
  /** With the numbers of their transitions, as those that were cancelled. */
  readonly endedEffects = new Map<string, number>();
  readonly cancelledEffects = new Map<string, { readonly reason: string; readonly seq: number }>();
  readonly timers = new Map<TimerId, number>();
  readonly endedTimers = new Set<TimerId>();
  readonly listeners = new Map<ListenerId, readonly EventFilter[]>();
  readonly endedListeners = new Set<ListenerId>();
  continues = false;
  readonly #open: Open;
  #published = 0;

  constructor(open: Open) {
    this.#open = open;
  }

  hasEffect(effect: string): boolean {
    return (
      this.effects.has(effect) ||
      (this.#open.effects.has(effect) && !this.endedEffects.has(effect) && !this.cancelledEffects.has(effect))
    );
  }

  hasTimer(timer: TimerId): boolean {
    return this.timers.has(timer) || (this.#open.timers.has(timer) && !this.endedTimers.has(timer));
  }

  hasListener(listener: ListenerId): boolean {
    return (
      this.listeners.has(listener) ||
      (this.#open.listeners.has(listener) && !this.endedListeners.has(listener))
    );
  }

  endEffect(effect: string, seq: number): void {
    this.endedEffects.set(effect, seq);
  }

  /** Those of the open calls that have ended, however they did, for whose functions `keeps` holds. */
  endedCalls(keeps: (call: string) => boolean): Batch["endedCalls"] {
    const ended: { effect: string; seq: number }[] = [];
    const note = (effect: string, seq: number): void => {
      if (keeps(this.#open.effects.get(effect) ?? "")) ended.push({ effect, seq });
    };
    for (const [effect, seq] of this.endedEffects) note(effect, seq);
    for (const [effect, { seq }] of this.cancelledEffects) note(effect, seq);
    return ended;
  }

  endTimer(timer: TimerId): void {
    if (!this.timers.delete(timer)) this.endedTimers.add(timer);
  }

  /** Adds one command; task news are looked at elsewhere. `seq` is the transition's number. */
  add(command: Command, seq: number): void {
    switch (command.type) {
      case "effect.start": {
        const { effect, call, argument, ref, resumes } = command;
        this.effects.set(effect, { call, argument, ref, resumes, madeSeq: seq });
        return;
      }
      case "effect.cancel":
        // One that begins and ends in the same transaction has never been performed.
        if (!this.effects.delete(command.effect) && this.hasEffect(command.effect)) {
          this.cancelledEffects.set(command.effect, { reason: command.reason, seq });
        }
        return;
      case "timer.set":
        this.timers.set(command.timer, command.dueAtMs);
        return;
      case "timer.clear":
        if (this.hasTimer(command.timer)) this.endTimer(command.timer);
        return;
      case "listener.open":
        this.listeners.set(command.listener, command.filters);
        return;
      case "listener.close":
        this.listeners.delete(command.listener);
        if (this.#open.listeners.has(command.listener)) this.endedListeners.add(command.listener);
        return;
      case "event.publish": {
        const argument = command.event as unknown as Json;
        const row = { call: publishEvent, argument, ref: "", resumes: undefined, madeSeq: seq };
        this.effects.set(`p${seq}.${++this.#published}`, row);
        return;
      }
      case "continue":
        this.continues = true;
        return;
      case "task":
        return;
    }
  }

  /** The run is over with this transition: nothing of it stays open but what is to be published. */
  closeAll(reason: string, seq: number): void {
    for (const [effect, { call }] of this.effects) if (call !== publishEvent) this.effects.delete(effect);
    for (const [effect, call] of this.#open.effects) {
      if (call !== publishEvent && this.hasEffect(effect)) this.cancelledEffects.set(effect, { reason, seq });
    }
    this.timers.clear();
    for (const timer of this.#open.timers) this.endedTimers.add(timer);
    this.listeners.clear();
    for (const listener of this.#open.listeners) this.endedListeners.add(listener);
    this.continues = false;
  }
}

/** The call of a row that stands for an event on its way out. */
export const publishEvent = "event.publish";
