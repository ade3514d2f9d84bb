import type { Workflow } from "#hub/workflow/definition/model.js";
import type { JournalFormat } from "#hub/workflow/interpreter/format.js";
import type { JournalEvent, RunState, Transition } from "#hub/workflow/interpreter/model.js";
import type { Sha256 } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";

/**
 * A program made ready to take events: the interpreter's pure function with the program and the expressions in it. Without a state
 * it begins a run. Throws what a run cannot begin with; what happens later becomes an error of the run.
 */
export type Interpret = (
  state: RunState | undefined,
  event: JournalEvent,
  format: JournalFormat,
) => Transition | Promise<Transition>;

/** Makes a program of a checked workflow. */
export type Compile = (workflow: Workflow) => Interpret;

/** What happens to a run, before the engine has given it its time. */
export type Happening = JournalEvent extends infer Event
  ? Event extends JournalEvent
    ? Omit<Event, "atMs">
    : never
  : never;

/** Bytes by their SHA-256, as the engine needs them for large values. */
export interface PayloadStore {
  /** Durable when the promise resolves. */
  put(bytes: Uint8Array, sha256: Sha256): Promise<void>;
  read(sha256: Sha256): Promise<Uint8Array>;
}

/** The hub's secrets, by the names that workflows give in `use.secrets`: a text, or an object of texts. */
export interface Secrets {
  /** Undefined when the hub has no such secret. */
  find(name: string): Json | undefined;
}
