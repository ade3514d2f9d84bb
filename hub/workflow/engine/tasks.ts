import type { NewEvent, RunEventType } from "#hub/runs/model.js";
import type { TaskNews, TaskState } from "#hub/workflow/interpreter/model.js";
import type { RunId } from "#kernel/ids.js";
import { sentenceOf } from "./failures.js";
import type { Payload, Payloads } from "./payloads.js";

/** What a batch of transitions adds to the row of a task. Null leaves what is there, unless a new pass begins. */
export interface TaskRow {
  readonly ref: string;
  readonly name: string;
  readonly kind: string;
  readonly call: string;
  readonly state: TaskState;
  readonly attempts: number;
  /** Passes that have begun. */
  readonly passes: number;
  readonly input: string | null;
  readonly context: string | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
}

const underWay: readonly TaskState[] = ["running", "waiting", "retrying"];

/** The rows of some news: one for each task, with the last word on everything. */
export class TaskRows {
  readonly payloads: Payload[] = [];
  readonly #packs: Payloads;
  readonly #rows = new Map<string, TaskRow>();

  constructor(packs: Payloads) {
    this.#packs = packs;
  }

  get rows(): readonly TaskRow[] {
    return [...this.#rows.values()];
  }

  add(news: TaskNews, atMs: number): void {
    const { ref, name, kind, call = "", state, attempt } = news;
    const begins = news.input !== undefined;
    const before = begins ? undefined : this.#rows.get(ref);
    this.#rows.set(ref, {
      ref,
      name,
      kind,
      call,
      state,
      attempts: attempt,
      passes: (this.#rows.get(ref)?.passes ?? 0) + (begins ? 1 : 0),
      input: this.#text(news.input) ?? before?.input ?? null,
      context: this.#text(news.context) ?? before?.context ?? null,
      output: this.#text(news.output) ?? before?.output ?? null,
      error: news.error === undefined ? (before?.error ?? null) : JSON.stringify(news.error),
      startedAtMs: before?.startedAtMs ?? atMs,
      endedAtMs: underWay.includes(state) ? null : atMs,
    });
  }

  #text(value: unknown): string | undefined {
    if (value === undefined) return undefined;
    const { text, payloads } = this.#packs.pack(value);
    for (const payload of payloads) this.payloads.push(payload);
    return text;
  }
}

/** The news for those who watch. */
export function taskEvent(
  runId: RunId,
  { name, ref, kind, call, state, attempt, error }: TaskNews,
): NewEvent {
  const type: RunEventType = `task.${state}`;
  const why = error === undefined ? "" : `: ${sentenceOf(error).replace(/\.$/, "")}`;
  const again = attempt > 1 ? ` (attempt ${attempt})` : "";
  return {
    runId,
    type,
    text: `${name} ${taskVerbs[state]}${again}${why}.`,
    data: {
      ref,
      kind,
      attempt,
      ...(call === undefined ? {} : { call }),
      ...(error && { status: error.status }),
    },
  };
}

/** What a sentence says of a task in a state: `NAME is running`. */
export const taskVerbs: Readonly<Record<TaskState, string>> = {
  running: "is running",
  waiting: "is waiting",
  retrying: "is about to be tried again",
  completed: "is complete",
  skipped: "is skipped",
  failed: "has failed",
  cancelled: "is cancelled",
};
