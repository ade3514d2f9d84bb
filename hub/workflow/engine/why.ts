import type { RunStatus } from "#hub/runs/model.js";
import { openAssignments } from "#hub/store/assignments.js";
import { findRun, runOutcome, tasksOf } from "#hub/store/runs.js";
import type { TasksTable } from "#hub/store/schema.js";
import { effectsOf, listenersOf, timersOf } from "#hub/store/snapshots.js";
import type { Store } from "#hub/store/store.js";
import type { TaskState, WorkflowError } from "#hub/workflow/interpreter/model.js";
import type { RunId } from "#kernel/ids.js";
import { runNotFound } from "./actors.js";
import { sentenceOf } from "./failures.js";

/** One task on the way from the workflow to the reason. */
interface WhyTask {
  readonly ref: string;
  readonly name: string;
  readonly kind: string;
  readonly state: TaskState;
  readonly attempts: number;
  readonly error: WorkflowError | undefined;
}

/** What a run waits for. */
export type Waiting =
  | { readonly what: "call"; readonly ref: string; readonly call: string; readonly sites: readonly string[] }
  | { readonly what: "timer"; readonly dueAtMs: number }
  | { readonly what: "event"; readonly types: readonly string[] }
  | { readonly what: "limit"; readonly text: string };

/** Why a run stands where it stands. */
export interface Why {
  readonly runId: RunId;
  readonly state: RunStatus;
  /** One sentence for people. */
  readonly text: string;
  /** From the outermost task to the one that it is about. */
  readonly chain: readonly WhyTask[];
  readonly waitsFor: readonly Waiting[];
}

/** The way to a run's failure, or to what it waits for. Throws `RUN_NOT_FOUND`. */
export async function whyOf(store: Store, runId: RunId): Promise<Why> {
  const { db } = store;
  const run = await findRun(db, runId);
  if (run === undefined) throw runNotFound(runId);
  const tasks = await tasksOf(db, runId);
  const { state } = run;
  const { error } = await runOutcome(db, runId);
  const fault = error === null ? undefined : (JSON.parse(error) as WorkflowError);
  const chain = chainOf(tasks, concerned(tasks, state, fault));
  const waitsFor = state === "running" || state === "paused" ? await waiting(store, runId) : [];
  if (state === "queued") {
    return { runId, state, text: "The run waits for a place.", chain, waitsFor: await limitOf(store, runId) };
  }
  if (state !== "failed" && state !== "cancelled")
    return { runId, state, text: sayWaiting(state, chain, waitsFor), chain, waitsFor };
  const text = state === "cancelled" || fault === undefined ? (run.errorText ?? "") : sentenceOf(fault);
  return { runId, state, text, chain, waitsFor };
}

/** The tasks that it may be about; rows of what a retry has left behind are none of them. */
function concerned(
  tasks: readonly TasksTable[],
  state: RunStatus,
  fault: WorkflowError | undefined,
): readonly TasksTable[] {
  if (state === "completed" || state === "queued") return [];
  if (state === "cancelled") return lastEnded(tasks.filter((task) => task.state === "cancelled"));
  if (state !== "failed") return tasks.filter(isUnderWay);
  const at = tasks.filter(({ ref }) => ref === fault?.instance);
  return at.length > 0 ? at : lastEnded(tasks.filter((task) => task.state === "failed"));
}

const isUnderWay = ({ state }: TasksTable): boolean => ["running", "waiting", "retrying"].includes(state);

function lastEnded(tasks: readonly TasksTable[]): readonly TasksTable[] {
  const last = Math.max(...tasks.map((task) => task.ended_at_ms ?? 0));
  return tasks.filter((task) => (task.ended_at_ms ?? 0) === last);
}

/** The deepest of some tasks, the last one of those, and everything above it. */
function chainOf(all: readonly TasksTable[], of: readonly TasksTable[]): WhyTask[] {
  const depth = ({ ref }: TasksTable) => ref.split("/").length;
  const [deepest] = of.toSorted((a, b) => depth(b) - depth(a) || (b.ended_at_ms ?? 0) - (a.ended_at_ms ?? 0));
  if (deepest === undefined) return [];
  return all
    .filter(({ ref }) => ref === deepest.ref || deepest.ref.startsWith(`${ref}/`))
    .toSorted((a, b) => depth(a) - depth(b))
    .map(({ ref, name, kind, state, attempts, error }) => ({
      ref,
      name,
      kind,
      state: state as TaskState,
      attempts,
      error: error === null ? undefined : (JSON.parse(error) as WorkflowError),
    }));
}

async function waiting({ db }: Store, runId: RunId): Promise<Waiting[]> {
  const open = (await openAssignments(db)).filter((assignment) => assignment.runId === runId);
  const calls = (await effectsOf(db, runId)).map(({ effect, ref, call }): Waiting => {
    const sites = open.filter((assignment) => assignment.effect === effect).map(({ site }) => site as string);
    return { what: "call", ref, call, sites: [...new Set(sites)].toSorted() };
  });
  const timers = (await timersOf(db, runId)).map((dueAtMs): Waiting => ({ what: "timer", dueAtMs }));
  const listeners = await listenersOf(db, runId);
  const events = [...listeners].map(([, types]): Waiting => ({ what: "event", types }));
  return [...calls, ...events, ...timers];
}

async function limitOf({ db }: Store, runId: RunId): Promise<Waiting[]> {
  const row = await db
    .selectFrom("run_events")
    .select("text")
    .where("run_id", "=", runId)
    .where("type", "=", "run.queued")
    .executeTakeFirst();
  return [{ what: "limit", text: row?.text ?? "" }];
}

function sayWaiting(state: RunStatus, chain: readonly WhyTask[], waitsFor: readonly Waiting[]): string {
  if (state === "completed") return "The run is complete.";
  const at = chain.at(-1);
  const where = at === undefined ? "The run" : `Task ${at.name}`;
  const paused = state === "paused" ? " The run is paused." : "";
  const [first] = waitsFor;
  if (first === undefined) return `${where} is at work.${paused}`;
  if (first.what === "timer") {
    const verb = at?.state === "retrying" ? "is tried again at" : "waits until";
    return `${where} ${verb} ${sayOne(first)}.${paused}`;
  }
  return `${where} waits for ${sayOne(first)}.${paused}`;
}

/** What is waited for, as a part of a sentence. */
export function sayOne(waiting: Waiting): string {
  switch (waiting.what) {
    case "call": {
      const at = waiting.sites.length === 0 ? "" : ` at ${waiting.sites.join(", ")}`;
      return `the end of ${waiting.call}${at}`;
    }
    case "timer":
      return new Date(waiting.dueAtMs).toISOString();
    case "event":
      return waiting.types.includes("") ? "an event" : `an event of type ${waiting.types.join(" or ")}`;
    case "limit":
      return waiting.text;
  }
}
