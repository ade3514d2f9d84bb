import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import { fault } from "./errors.js";
import type { JournalFormat } from "./format.js";
import type {
  Command,
  EventFilter,
  Frame,
  FrameId,
  ListenerId,
  RunState,
  TimerId,
  Transition,
  WaitId,
} from "./model.js";
import type { Program, Step } from "./program.js";
import { rowsOf, TableDraft } from "./table.js";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Frames within frames; a definition of at most 64 levels whose functions do not call themselves stays far below. */
const maxDepth = 256;

/**
 * The next state of a run while a transition writes it. The state that it was made of stays as it is: the tables are copied, flatly,
 * before the first change, and frames are replaced, never changed.
 */
export class Draft {
  readonly program: Program;
  readonly nowMs: number;
  /** Whether a task whose call has come to nothing keeps it: since format 2. */
  readonly keepsCalls: boolean;
  readonly #commands: Command[] = [];
  #state: Mutable<RunState>;
  #frames: TableDraft<FrameId, Frame>;
  #waits: TableDraft<WaitId, FrameId>;
  #ready: FrameId[] | undefined;

  constructor(program: Program, state: RunState, nowMs: number, format: JournalFormat) {
    this.program = program;
    this.nowMs = nowMs;
    this.keepsCalls = format >= 2;
    this.#state = { ...state };
    this.#frames = new TableDraft(state.frames);
    this.#waits = new TableDraft(state.waits);
  }

  /** The run's own fields; frames and waits are asked for by `find`, `frames` and `waiting`. */
  get state(): Omit<RunState, "frames" | "waits"> {
    return this.#state;
  }

  /** Changes fields of the run; an undefined one is taken away. */
  set(change: { readonly [Key in keyof RunState]?: RunState[Key] | undefined }): void {
    this.#state = merged(this.#state, change);
  }

  find(id: FrameId): Frame | undefined {
    return this.#frames.get(id);
  }

  /** All frames, roughly in the order of their birth. */
  frames(): readonly [FrameId, Frame][] {
    return rowsOf(this.#frames.value);
  }

  /** Who waits for it. */
  waiting(wait: WaitId): FrameId | undefined {
    return this.#waits.get(wait);
  }

  frame(id: FrameId): Frame {
    const frame = this.find(id);
    if (frame === undefined) throw new ComityError("JOURNAL_DAMAGED", `The run has no frame ${id}.`);
    return frame;
  }

  step(id: FrameId): Step {
    return this.stepAt(this.frame(id).ref);
  }

  stepAt(ref: string): Step {
    const step = this.program.steps.get(ref);
    if (step === undefined)
      throw new ComityError("TASK_NOT_FOUND", `The workflow has no task at ${ref || "/"}.`);
    return step;
  }

  /** Changes fields of a frame; an undefined one is taken away. */
  patch(id: FrameId, change: { readonly [Key in keyof Frame]?: Frame[Key] | undefined }): void {
    this.#frames.set(id, merged(this.frame(id), change));
  }

  replace(id: FrameId, frame: Frame): void {
    this.#frames.set(id, frame);
  }

  /** A new frame under another one, ready to be entered. Without `raw` its input is that of its parent. */
  add(ref: string, parent?: FrameId, more: { readonly raw?: Json; readonly attempt?: number } = {}): FrameId {
    const id = `f${this.#count("frame")}` as const;
    if (parent !== undefined && this.#depth(parent) > maxDepth)
      throw fault(
        "runtime",
        `Tasks are nested deeper than ${maxDepth} levels`,
        "Does a function call itself?",
      );
    this.replace(id, { ref, ...(parent === undefined ? {} : { parent }), ...more });
    this.enqueue(id);
    return id;
  }

  remove(id: FrameId): void {
    this.#frames.delete(id);
  }

  enqueue(id: FrameId): void {
    this.#writeReady().push(id);
  }

  /** The next frame that can go on, taken from the queue. */
  dequeue(): FrameId | undefined {
    return this.#state.ready.length === 0 ? undefined : this.#writeReady().shift();
  }

  /** Forgets all frames. */
  clear(): void {
    this.#frames = new TableDraft({});
    this.#waits = new TableDraft({});
    this.requeue([]);
  }

  /** Puts these in place of all that stood in the queue. */
  requeue(ids: readonly FrameId[]): void {
    this.#state.ready = this.#ready = [...ids];
  }

  /** Frames that are gone do not go on. */
  forget(gone: ReadonlySet<FrameId>): void {
    if (this.#state.ready.some((id) => gone.has(id)))
      this.#state.ready = this.#ready = this.#state.ready.filter((id) => !gone.has(id));
  }

  command(command: Command): void {
    this.#commands.push(command);
  }

  startEffect(id: FrameId, call: string, argument: Json): void {
    const effect = `e${this.#count("effect")}` as const;
    const { ref, resumes } = this.frame(id);
    this.#waits.set(effect, id);
    if (resumes === undefined || !this.keepsCalls) {
      this.command({ type: "effect.start", effect, call, argument, ref });
      this.patch(id, { effect });
    } else {
      this.command({ type: "effect.start", effect, call, argument, ref, resumes });
      this.patch(id, { effect, resumes: undefined });
    }
  }

  setTimer(id: FrameId, delayMs: number): TimerId {
    const timer = `t${this.#count("timer")}` as const;
    this.command({ type: "timer.set", timer, dueAtMs: this.nowMs + delayMs });
    this.#waits.set(timer, id);
    return timer;
  }

  /** Opens a listener, or opens it again with other filters. */
  listen(id: FrameId, filters: readonly EventFilter[], open?: ListenerId): ListenerId {
    const listener = open ?? (`l${this.#count("listener")}` as const);
    this.command({ type: "listener.open", listener, filters });
    this.#waits.set(listener, id);
    return listener;
  }

  /** Nobody waits for it any longer; with a reason, it is stopped. */
  release(wait: WaitId | undefined, reason?: string): void {
    if (wait === undefined || this.waiting(wait) === undefined) return;
    this.#waits.delete(wait);
    if (reason === undefined) return;
    if (isEffect(wait)) this.command({ type: "effect.cancel", effect: wait, reason });
    else if (isTimer(wait)) this.command({ type: "timer.clear", timer: wait });
    else this.command({ type: "listener.close", listener: wait });
  }

  transition(): Transition {
    const state = { ...this.#state, frames: this.#frames.value, waits: this.#waits.value };
    return { state, commands: this.#commands };
  }

  #depth(id: FrameId): number {
    let depth = 0;
    for (let at: FrameId | undefined = id; at !== undefined; at = this.frame(at).parent) depth += 1;
    return depth;
  }

  #count(what: keyof RunState["counters"]): number {
    const next = this.#state.counters[what] + 1;
    this.#state.counters = { ...this.#state.counters, [what]: next };
    return next;
  }

  #writeReady(): FrameId[] {
    this.#ready ??= this.#state.ready = [...this.#state.ready];
    return this.#ready;
  }
}

const isEffect = (id: WaitId): id is `e${number}` => id.startsWith("e");
const isTimer = (id: WaitId): id is `t${number}` => id.startsWith("t");

/** The fields of both; what the change has as undefined is left out, so that the result is plain JSON. */
function merged<T extends object>(value: T, change: { readonly [Key in keyof T]?: T[Key] | undefined }): T {
  const result: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  for (const [key, item] of Object.entries(change)) {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
    if (item === undefined) delete result[key];
    else result[key] = item;
  }
  return result as T;
}
