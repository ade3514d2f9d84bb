import { listWords } from "#kernel/words.js";
import { closest } from "./closest.js";
import type { Step } from "./feature.js";
import { kitSteps } from "./steps/kit.js";
import type { StepRule } from "./steps/rule.js";
import { runSteps } from "./steps/run.js";
import { settingSteps } from "./steps/setting.js";
import { taskSteps } from "./steps/task.js";
import { Unmet } from "./values.js";
import type { World } from "./world.js";

/** Every step there is. The kit's own come first. */
export const vocabulary: readonly StepRule[] = [...kitSteps, ...taskSteps, ...settingSteps, ...runSteps];

/**
 * A step's text as the patterns have it. The kit writes `And given the workflow input is:`, so a keyword may come twice; a colon at the end
 * says nothing that the argument does not, nor do several spaces outside quotes.
 */
const plain = (text: string): string =>
  text
    .trim()
    .replace(/^(?:given|when|then)\s+/i, "")
    .replace(/\s*:$/, "")
    .replace(/("[^"]*"|'[^']*')|\s+/g, (_, quoted?: string) => quoted ?? " ");

/** Does what a step says. Throws {@link Unmet} when it is not so, or when there is no such step. */
export async function perform(world: World, step: Step): Promise<void> {
  const text = plain(step.text);
  for (const { pattern, run } of vocabulary) {
    const found = pattern.exec(text);
    if (found === null) continue;
    await run(world, { words: found.groups ?? {}, text: step.docString, table: step.table });
    return;
  }
  const near = closest(
    text,
    vocabulary.map(({ form }) => form),
  );
  throw new Unmet(`There is no such step.${near.length === 0 ? "" : ` Did you mean ${listWords(near)}?`}`);
}
