import { AggregationError, quoted } from "../errors.js";

/** The tile with this name, which whoever folds by a strategy gives it. */
export function roomOf(rooms: Readonly<Record<string, Float64Array>>, name: string): Float64Array {
  const room = rooms[name];
  if (room !== undefined) return room;
  throw new AggregationError("ARGUMENT_INVALID", `A fold has no tile ${quoted(name)}.`);
}
