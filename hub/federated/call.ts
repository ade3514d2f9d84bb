import type { Json } from "#kernel/json.js";
import type { CallRef, EffectId } from "#kernel/refs.js";

/** Why a call has failed: a hub that is killed before the engine has it ends the call with the same words. */
export interface CallError {
  readonly code: string;
  readonly text: string;
}

/** Where a call stands. */
type CallStatus = "open" | "completed" | "failed" | "cancelled";

/** One call of a federated function over its whole life, as its row says it. */
export interface Call extends CallRef {
  readonly function: string;
  /** Of the script that plays it: a round ends by the one that began it. */
  readonly revision: number;
  /** Parsed once, when the call began, with its defaults and all that was looked up for it. */
  readonly argument: Json;
  /** JSON Pointer of the task. */
  readonly ref: string;
  /** The call that this one goes on with after a retry by hand; itself else. Names of states at sites hang on it. */
  readonly origin: EffectId;
  /** Rounds of the run's calls that had ended when this one was made: its draws begin after them. */
  readonly drawBase: number;
  readonly createdAtMs: number;
  /** Rounds that have ended; -1 until its beginning is done. */
  readonly position: number;
  /** After `position`; null until its beginning is done. */
  readonly state: Json;
  readonly status: CallStatus;
  readonly output: Json;
  readonly error: CallError | undefined;
  /** Grows with each write of its driver: one driver writes, and it has seen what it builds on. */
  readonly version: number;
}

/** Where in a call: what seeds are made of. The number of a round that people see is given at its commit, and decides nothing. */
export interface Place {
  readonly position: number;
  readonly draw: number;
}
