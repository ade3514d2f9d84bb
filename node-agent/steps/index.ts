import type { Log } from "#kernel/log.js";
import type { Dataset } from "../data/datasets.js";
import type { BackendName } from "../training/backend-names.js";
import type { ChosenBackend } from "../training/backends.js";
import { TrainingPool } from "../training/pool.js";
import { evaluateStep } from "./evaluate.js";
import type { Step } from "./step.js";
import { trainStep } from "./train.js";

/** What this agent can do. */
export interface Steps {
  /** One for each kind of work. */
  readonly steps: readonly Step[];
  /** Loads TensorFlow now and tells which back end it uses, for `comity agent doctor`. Throws `BACKEND_UNAVAILABLE`. */
  backend(): Promise<ChosenBackend>;
  /** Ends the training worker, and with it the work that it is at. */
  close(): Promise<void>;
}

/** The steps over these datasets. Nothing is loaded before the first work comes. */
export function createSteps(options: {
  datasets: readonly Dataset[];
  backend: BackendName | undefined;
  log: Log;
}): Steps {
  const pool = new TrainingPool(options);
  return {
    steps: [trainStep(options.datasets, pool), evaluateStep(options.datasets, pool)],
    backend: () => pool.backend(),
    close: () => pool.close(),
  };
}
