import { type Dataset, select } from "../data/datasets.js";
import type { Step } from "../steps/step.js";
import type { RowThread } from "./thread.js";
import type { RowWork } from "./work.js";

/** The step of a work over rows: its dataset is chosen here, all else happens in the thread. */
export function rowStep(
  { kind }: RowWork,
  datasets: readonly Dataset[],
  thread: RowThread,
  minCell: number,
): Step {
  return {
    kind,
    async run(body, { signal }) {
      const selector = kind.facts(body).dataset;
      if (selector === undefined) throw new Error(`work of kind ${kind.name} names no dataset`);
      const dataset = select(datasets, selector).location;
      const value = await thread.run({ kind: kind.name, body, dataset, minCell }, signal);
      return { samples: 0, figures: {}, value };
    },
  };
}
