import { aggregateFigure } from "./aggregate.js";
import type { Figure } from "./figure.js";
import { history } from "./history.js";
import { hubMemory, throughput } from "./hundred.js";
import { hubRecovery } from "./recovery.js";
import { resume } from "./resume.js";
import { roundOverhead } from "./round-overhead.js";
import { sessionMemory } from "./sessions.js";
import { stages } from "./stages.js";
import { stepLatency } from "./step-latency.js";
import { timers } from "./timers.js";
import { transitionsPostgres, transitionsSqlite } from "./transitions.js";

/** Every figure, in the order of the table. */
export const figures: readonly Figure[] = [
  roundOverhead(2, "Flower 1.42: 6.2 s; FLARE 2.9: 2.5 s, 0.81 s with its polling tuned"),
  roundOverhead(8, "Flower 1.42: 14.1 s"),
  hubMemory,
  throughput,
  aggregateFigure,
  sessionMemory,
  hubRecovery,
  resume,
  transitionsSqlite,
  transitionsPostgres,
  stepLatency,
  stages,
  timers,
  history,
];
