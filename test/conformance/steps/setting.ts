import { isObject } from "#kernel/json.js";
import { Unmet } from "../values.js";
import { type StepRule, step, text, value, word } from "./rule.js";

/** Steps of ours that set the scene. */
export const settingSteps: readonly StepRule[] = [
  step("another workflow with definition", async (world, argument) => {
    await world.hub.local.engine.library.publish({ text: text(argument), publishedBy: "conformance" });
  }),
  step("the workflow is published", (world) => world.publish()),
  step("another version is published with definition", (world, argument) => {
    world.definition = text(argument);
    return world.publish();
  }),
  step("the time is TIME", async (world, argument) => {
    const timeMs = Date.parse(word(argument, "TIME"));
    if (!(timeMs > world.hub.clock.nowMs()))
      throw new Unmet("The time is a moment to come, such as 2050-01-31T12:00:00Z.");
    world.hub.clock.passTo(timeMs);
    await world.hub.settle();
  }),
  step("the hub has the secrets", (world, argument) => {
    const given = value(argument);
    if (!isObject(given)) throw new Unmet("Secrets are an object of names.");
    world.hub.secrets = given;
  }),
];
