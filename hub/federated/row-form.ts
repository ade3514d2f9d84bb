import { ComityError } from "#kernel/errors.js";
import { type Json } from "#kernel/json.js";
import type { Call } from "./call.js";
import type { Begun, Turn } from "./script.js";

/** The largest state that a call keeps between rounds, as JSON; more belongs into a blob. */
export const maxStateBytes = 64 * 1024;

/**
 * A value as its row will give it back. Throws `FOLD_OVERFLOW` for a number that is none or too large for float64: JSON does not have it, and
 * it would come back as null. `what` stands at the beginning of the sentence.
 */
export function rowForm(value: unknown, what: string): Json {
  const text = JSON.stringify(value, (key, one: unknown) => {
    if (typeof one !== "number" || Number.isFinite(one)) return one;
    const where = key === "" ? "" : `: ${JSON.stringify(key)} is`;
    throw new ComityError(
      "FOLD_OVERFLOW",
      `${what} cannot be written${where} no number, or too large for float64.`,
    );
  });
  return JSON.parse(text) as Json;
}

/** Throws `STATE_TOO_LARGE`. */
function checkState({ function: name }: Call, state: unknown): void {
  const bytes = Buffer.byteLength(JSON.stringify(rowForm(state, `The state of ${name}`)));
  if (bytes <= maxStateBytes) return;
  throw new ComityError(
    "STATE_TOO_LARGE",
    `A round of ${name} leaves a state of ${bytes} bytes; ${maxStateBytes} are the most that a call may keep between its rounds.`,
  );
}

/** What a call begins with, if its row can hold it. */
export function checkedBegun(call: Call, begun: Begun<unknown>): Begun<unknown> {
  checkState(call, begun.state);
  rowForm(begun.save?.figures ?? {}, `The beginning of ${call.function}`);
  return begun;
}

/** What a round comes to, if rows can hold it. */
export function checkedTurn(call: Call, turn: Turn<unknown, Json>): Turn<unknown, Json> {
  if ("next" in turn) checkState(call, turn.next);
  const what = `A figure of round ${call.position + 1} of ${call.function}`;
  rowForm([turn.round.figures, turn.save?.figures], what);
  return turn;
}
