import type { Log } from "#kernel/log.js";
import type { Dataset } from "../data/datasets.js";
import { rowStep } from "../rows/step.js";
import { RowThread } from "../rows/thread.js";
import type { BackendName } from "../training/backend-names.js";
import type { ChosenBackend } from "../training/backends.js";
import { TrainingPool } from "../training/pool.js";
import { evaluateStep } from "./evaluate.js";
import { rowWorks } from "./row-works.js";
import type { Step } from "./step.js";
import { trainStep } from "./train.js";

/** What this agent can do. */
export interface Steps {
  /** One for each kind of work. */
  readonly steps: readonly Step[];
  /** Loads TensorFlow now and tells which back end it uses, for `comity agent doctor`. Throws `BACKEND_UNAVAILABLE`. */
  backend(): Promise<ChosenBackend>;
  /** Ends the threads, and with them the work that they are at. */
  close(): Promise<void>;
}

/** The steps over these datasets. Nothing is loaded before the first work comes. `minCell`: of the site's own rules. */
export function createSteps(options: {
  datasets: readonly Dataset[];
  backend: BackendName | undefined;
  minCell: number;
  log: Log;
}): Steps {
  const { datasets, minCell } = options;
  const pool = new TrainingPool(options);
  const thread = new RowThread();
  return {
    steps: [
      trainStep(datasets, pool),
      evaluateStep(datasets, pool),
      ...rowWorks.map((work) => rowStep(work, datasets, thread, minCell)),
    ],
    backend: () => pool.backend(),
    close: async () => {
      await Promise.all([pool.close(), thread.close()]);
    },
  };
}
