import type { Json } from "#kernel/json.js";

/** What a task wants next, said by the file of its kind and done by `flow.ts`. */
export type Next =
  /** The task itself is done; `output.as` and `export.as` follow. `then` goes before the task's own. */
  | { readonly is: "done"; readonly output: Json; readonly then?: string; readonly bypassed?: true }
  /** The task is done with all that belongs to it. */
  | ({ readonly is: "left" } & Leaving)
  /** Run the list at a pointer; without `raw` its first task gets the input of this one. */
  | { readonly is: "block"; readonly block: string; readonly raw?: Json }
  /** Run one task inside this one: the next of a list, or a function of the workflow. */
  | { readonly is: "task"; readonly ref: string; readonly raw?: Json }
  /** Run some tasks at once, by their pointers. */
  | { readonly is: "branches"; readonly refs: readonly string[] }
  /** The extensions before the task are done: now the task itself. */
  | { readonly is: "begin" }
  /** An effect, timer, event or task that is under way decides. */
  | { readonly is: "wait" }
  /** A cancelled task has done what its catch does for that, and goes. */
  | { readonly is: "withdraw" };

/** With what a task ends. */
export interface Leaving {
  readonly output: Json;
  /** Where to go; absent: on to the next task. */
  readonly then?: string;
  readonly skipped?: true;
}

export const wait: Next = { is: "wait" };

export function done(output: Json, then?: string): Next {
  return { is: "done", output, ...(then === undefined ? {} : { then }) };
}
