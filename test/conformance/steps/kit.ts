import { at, countItems, expectEqual, expectError, shown, Unmet, withVersion } from "../values.js";
import type { StepRule } from "./rule.js";
import { names, numberIn, step, text, value, word } from "./rule.js";

/** How the kit calls the ends of a run, and how Comity does. */
const states: Readonly<Record<string, string>> = {
  complete: "completed",
  fault: "failed",
  cancel: "cancelled",
};
export const stateOf = (choice: string): string => states[choice.toLowerCase()] ?? choice;

/** The steps of the specification's conformance kit that are about the workflow. */
export const kitSteps: readonly StepRule[] = [
  step("a workflow with definition", (world, argument) => {
    world.definition = withVersion(text(argument));
  }),
  step("the workflow input is", (world, argument) => {
    world.input = value(argument);
  }),
  step("the workflow is executed", (world) => world.execute()),

  step("the workflow should complete with output", async (world, argument) => {
    expectEqual(await world.output(), value(argument), "The output");
  }),
  step("the workflow should fault with error", async (world, argument) => {
    const { error } = await world.expectState("failed");
    expectError(error, value(argument), "The error");
  }),
  step("the workflow should complete | fault | cancel", async (world, argument) => {
    await world.expectState(stateOf(word(argument, "choice")));
  }),

  {
    form: "the workflow output should have properties 'A', 'B.C'",
    pattern: /^the workflow(?:'s)? output should have (?:the )?propert(?:y|ies)(?<list>\s+['"].*)?$/i,
    run: async (world, { words, table }) => {
      const output = await world.output();
      const wanted = names(words["list"], table);
      if (wanted.length === 0) throw new Unmet("The step names no property.");
      const missing = wanted.filter((path) => at(output, path) === undefined);
      if (missing.length > 0) throw new Unmet(`The output has no ${missing.join(", ")}: ${shown(output)}`);
    },
  },
  {
    form: "the workflow output should have a 'P' property with value",
    pattern: /^the workflow(?:'s)? output should have an? ['"](?<path>.*)['"] property with (?:the )?value$/i,
    run: async (world, argument) => {
      const path = word(argument, "path");
      expectEqual(at(await world.output(), path), value(argument), `'${path}' of the output`);
    },
  },
  {
    form: "the workflow output should have a 'P' property containing N items",
    pattern:
      /^the workflow(?:'s)? output should have an? ['"](?<path>.*)['"] property containing (?<N>\d+) items?$/i,
    run: async (world, argument) => {
      const path = word(argument, "path");
      const found = at(await world.output(), path);
      const items = countItems(found);
      if (items !== numberIn(argument, "N"))
        throw new Unmet(`'${path}' of the output has ${items ?? "no"} items: ${shown(found)}`);
    },
  },
  {
    form: "the workflow output should have a 'P' property",
    pattern: /^the workflow(?:'s)? output should have an? ['"](?<path>.*)['"] property$/i,
    run: async (world, argument) => {
      const path = word(argument, "path");
      const output = await world.output();
      if (at(output, path) === undefined) throw new Unmet(`The output has no ${path}: ${shown(output)}`);
    },
  },
];
