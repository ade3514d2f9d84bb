import { z } from "zod";
import type { LintPorts } from "#hub/workflow/definition/lint.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { Functions, type WorkflowFunction } from "#hub/workflow/function.js";
import { ComityError } from "#kernel/errors.js";

const average: WorkflowFunction<{ rounds: number; local: { epochs: number; kind: "a" | "b" } }> = {
  name: "fed.average:1.0.0@default",
  purpose: "For these tests.",
  argument: z.strictObject({
    rounds: z.int().min(1),
    local: z.strictObject({ epochs: z.int().default(1), kind: z.enum(["a", "b"]).default("a") }).prefault({}),
    at: z.unknown().optional(),
  }),
  check({ rounds }) {
    if (rounds > 100) throw new ComityError("ARGUMENT_INVALID", "There are too many rounds.");
  },
  perform: () => Promise.resolve(null),
};
const newer: WorkflowFunction = {
  ...average,
  name: "fed.average:1.1.0@default",
  argument: z.unknown(),
  check: () => undefined,
};

/** Real jq, and a catalogue with `fed.average` in two versions. Close it. */
export function lintPorts(): LintPorts & { close(): Promise<void> } {
  const expressions = new JqExpressions();
  return {
    expressions,
    functions: new Functions([average, newer]),
    close: () => expressions.close(),
  };
}

/** A document with these tasks, each line of which is indented by two already. */
export function withTasks(tasks: string, more = ""): string {
  return `document: { dsl: '1.0.3', namespace: tests, name: one, version: 1.0.0 }\n${more}do:\n${tasks}`;
}
