import { z } from "zod";
import { AggregationError } from "../errors.js";
import type { Strategy } from "./strategy.js";

/** The options of a strategy: these keys and no others; whoever writes another is told which there are. */
export function strategyOptions<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape);
  const there = keys.length === 0 ? "it has none" : `it has ${keys.map((key) => `\`${key}\``).join(", ")}`;
  return z.strictObject(shape, {
    error: ({ code, keys: given }) => {
      if (code !== "unrecognized_keys" || !Array.isArray(given)) return undefined;
      return `unknown ${given.map((key) => `\`${key}\``).join(", ")}: ${there}`;
    },
  });
}

/** The options of a strategy with its defaults, or why they do not fit. */
export function readOptions(
  strategy: Strategy,
  given: unknown,
): { readonly options: unknown } | { readonly fault: string } {
  const parsed = strategy.options.safeParse(given ?? {});
  if (parsed.success) return { options: parsed.data };
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `\`${path.map(String).join(".")}\`: ${message}`,
  );
  return { fault: `The options of ${strategy.name} do not fit: ${faults.join("; ")}.` };
}

/** {@link readOptions}; throws `ARGUMENT_INVALID`. */
export function parseOptions(strategy: Strategy, given: unknown): unknown {
  const read = readOptions(strategy, given);
  if ("options" in read) return read.options;
  throw new AggregationError("ARGUMENT_INVALID", read.fault);
}
