import { endsRun, type NewEvent } from "#hub/runs/model.js";
import { effectKey } from "#hub/workflow/function.js";
import { type JournalFormat, newestFormat } from "#hub/workflow/interpreter/format.js";
import type { CloudEvent, JournalEvent, RunState, Transition } from "#hub/workflow/interpreter/model.js";
import { typeOf } from "#hub/workflow/matching.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import { processTurns } from "#kernel/turns.js";
import { type Batch, Delta, type EffectRow, type OperationRow } from "./batch.js";
import { endOf, isOver, statusNews } from "./ending.js";
import { workflowErrorOf } from "./failures.js";
import type { Happening, Interpret } from "./model.js";
import { ofState, outermost, type Payload, type Payloads } from "./payloads.js";
import type { Program, Standing } from "./standing.js";
import { TaskRows, taskEvent } from "./tasks.js";

/** Transitions that a journal keeps before it is folded into the snapshot. */
const maxJournal = 1_000;

/** Something that happens to a run, and what goes with it. */
export interface Incoming {
  readonly happening: Happening;
  /** Throws when it may not happen to the run as it stands: nothing is journalled then. */
  readonly check?: (state: RunState | undefined) => void;
  readonly operation?: OperationRow;
  /** The item of the inbox that it comes from. */
  readonly item?: string;
  /** The program from this event on. */
  readonly program?: Program;
}

/** What the making of a batch needs of the engine. */
export interface DraftParts {
  readonly owner: string;
  readonly payloads: Payloads;
  /** Whether a call's function undoes what it has begun. */
  readonly undoes: (key: string) => boolean;
  /** Whether what is called has rows of its own for its calls. */
  readonly keepsCall: (call: string) => boolean;
  /** Whether somebody holds a place under a limit. */
  readonly holds: (holder: string) => boolean;
  /** Whether a listener has had an event. */
  readonly received: (runId: RunId, listener: string, event: CloudEvent) => Promise<boolean>;
}

/**
 * What no interpreter should throw ends the run instead of holding it up for ever; what may pass is thrown on, and so is why an
 * operator's wish to try again cannot be fulfilled: the run stays as it is.
 */
export async function interpretSafely(
  interpret: Interpret,
  state: RunState | undefined,
  event: JournalEvent,
  format: JournalFormat,
): Promise<Transition> {
  try {
    return await interpret(state, event, format);
  } catch (thrown) {
    if (state === undefined || event.type === "run.retried") throw thrown;
    if (ComityError.from(thrown).kind.retryable === true) throw thrown;
    return { state: { ...state, status: "failed", error: workflowErrorOf(thrown) }, commands: [] };
  }
}

/** A batch in the making: each event that a run takes adds a transition to it. */
export class BatchDraft {
  readonly #parts: DraftParts;
  readonly #standing: Standing;
  readonly #taken: Incoming[] = [];
  readonly #transitions: { atMs: number; event: string; stateSha256: Sha256 }[] = [];
  readonly #delta: Delta;
  readonly #tasks: TaskRows;
  readonly #news: NewEvent[] = [];
  readonly #payloads: Payload[] = [];
  readonly #received: { listener: `l${number}`; source: string; eventId: string }[] = [];
  #state: RunState | undefined;
  #program: Program;
  #stateText = "";
  #lastMs = 0;

  constructor(parts: DraftParts, standing: Standing) {
    this.#parts = parts;
    this.#standing = standing;
    this.#delta = new Delta(standing.open);
    this.#tasks = new TaskRows(parts.payloads);
    this.#state = standing.state;
    this.#program = standing.program;
  }

  get isEmpty(): boolean {
    return this.#transitions.length === 0;
  }

  /** What the run comes to with the batch. */
  get now(): Pick<Standing, "state" | "program"> {
    return { state: this.#state, program: this.#program };
  }

  /** Takes one event through the interpreter; false when nobody waits for it any more. `nowMs` never goes back. */
  async take(incoming: Incoming, nowMs: () => number): Promise<boolean> {
    const { happening, check, program = this.#program } = incoming;
    const { runId, name, seq: before } = this.#standing;
    if (!(await this.#wanted(happening))) return false;
    check?.(this.#state);
    await processTurns.next();
    const event = { ...happening, atMs: nowMs() } as JournalEvent;
    const { interpret } = program;
    const { state, commands } = await interpretSafely(interpret, this.#state, event, newestFormat);
    const said = statusNews(runId, this.#state, state, event, name);
    this.#program = program;
    this.#state = state;
    this.#lastMs = event.atMs;
    this.#taken.push(incoming);
    const seq = before + this.#transitions.length + 1;
    this.#note(happening, seq);
    this.#news.push(...said.filter(({ type }) => !endsRun(type)));
    for (const command of commands) {
      // What tasks have got and given may be long texts, and there may be a hundred of them.
      const turn = processTurns.soon();
      if (turn !== undefined) await turn;
      this.#delta.add(command, seq);
      if (command.type === "task") {
        this.#tasks.add(command.task, event.atMs);
        this.#news.push(taskEvent(runId, command.task));
      }
    }
    this.#news.push(...said.filter(({ type }) => endsRun(type)));
    if (isOver(state.status)) this.#delta.closeAll("The run is over.", seq);
    this.#keep(event, state);
    return true;
  }

  /** What happened is not open any more. */
  #note(happening: Happening, seq: number): void {
    if (happening.type === "run.continued") this.#delta.continues = false;
    if (happening.type === "effect.completed" || happening.type === "effect.failed")
      this.#delta.endEffect(happening.effect, seq);
    if (happening.type === "timer.fired") this.#delta.endTimer(happening.timer);
  }

  /** The transition as the journal has it. */
  #keep(event: JournalEvent, state: RunState): void {
    const { payloads } = this.#parts;
    const packedEvent = payloads.pack(event, outermost);
    const packedState = payloads.pack(state, ofState);
    this.#payloads.push(...packedEvent.payloads, ...packedState.payloads);
    this.#stateText = packedState.text;
    this.#transitions.push({
      atMs: event.atMs,
      event: packedEvent.text,
      stateSha256: hashBytes(packedState.text),
    });
  }

  /** Whether the run waits for this: a call that is under way, a timer that is set, an event that it has not had. */
  async #wanted(happening: Happening): Promise<boolean> {
    switch (happening.type) {
      case "effect.completed":
      case "effect.failed":
        return this.#delta.hasEffect(happening.effect);
      case "timer.fired":
        return this.#delta.hasTimer(happening.timer);
      case "event.received": {
        const { listener, event } = happening;
        const key = { listener, source: event.source, eventId: event.id };
        const again = this.#received.some(
          (one) => one.listener === listener && one.source === key.source && one.eventId === key.eventId,
        );
        if (again || !this.#delta.hasListener(listener)) return false;
        if (await this.#parts.received(this.#standing.runId, listener, event)) return false;
        this.#received.push(key);
        return true;
      }
      case "run.started":
      case "run.continued":
      case "run.paused":
      case "run.resumed":
      case "run.cancelled":
      case "run.retried":
        return true;
    }
  }

  /** The batch as it is written. */
  batch(nowMs: number): Batch {
    const delta = this.#delta;
    const state = this.#state;
    const { payloads, owner, undoes, keepsCall, holds } = this.#parts;
    const { runId, fence, seq, baseSeq, state: before } = this.#standing;
    const live = state !== undefined && !isOver(state.status);
    const effects = [...delta.effects].map(([effect, made]): EffectRow => {
      const { call, argument, ref, resumes, madeSeq } = made;
      const packed = payloads.pack(argument);
      this.#payloads.push(...packed.payloads);
      return { effect, call, argument, argumentText: packed.text, ref, resumes, madeSeq };
    });
    const cancelled = [...delta.cancelledEffects].map(([effect, { reason }]) => ({ effect, reason }));
    const undone = cancelled.filter(({ effect }) => undoes(effectKey(runId, effect)));
    const ended = [
      ...delta.endedEffects.keys(),
      ...cancelled.filter((one) => !undone.includes(one)).map(({ effect }) => effect),
    ];
    const said = this.#news.findLast(({ type }) => type.startsWith("run."))?.text ?? "";
    const again = this.#news.some(({ type }) => type === "run.retried");
    const moved = state !== undefined && (again || state.status !== (before?.status ?? "running"));
    const run = moved ? endOf(state, this.#lastMs, said) : undefined;
    const runPayloads =
      run === undefined || state?.output === undefined ? undefined : payloads.pack(state.output);
    if (runPayloads !== undefined) this.#payloads.push(...runPayloads.payloads);
    const over = [...delta.endedEffects.keys(), ...delta.cancelledEffects.keys()].map((effect) =>
      effectKey(runId, effect),
    );
    return {
      runId,
      owner,
      fence,
      fromSeq: seq,
      nowMs,
      workflowSha256: this.#program.sha256,
      workflow: this.#program.title,
      stateText: this.#stateText,
      live,
      continues: live && delta.continues,
      folds: seq + this.#transitions.length - baseSeq > maxJournal,
      transitions: this.#transitions,
      effects,
      endedEffects: ended,
      undoneEffects: undone,
      endedCalls: delta.endedCalls(keepsCall),
      timers: [...delta.timers].map(([timer, dueAtMs]) => ({ timer, dueAtMs })),
      endedTimers: [...delta.endedTimers],
      listeners: [...delta.listeners].map(([listener, filters]) => ({
        listener,
        filters,
        types: [...new Set(filters.map(typeOf))],
      })),
      endedListeners: [...delta.endedListeners],
      received: this.#received,
      tasks: this.#tasks.rows,
      run: run && { ...run, output: runPayloads?.text ?? null },
      news: this.#news,
      payloads: [...this.#payloads, ...this.#tasks.payloads],
      operations: this.#taken.flatMap(({ operation }) => (operation === undefined ? [] : [operation])),
      taken: this.#taken.flatMap(({ item }) => (item === undefined ? [] : [item])),
      freed: [...over, ...(live ? [] : [runId as string])].filter(holds),
    };
  }
}
