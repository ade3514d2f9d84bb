import { fedRound } from "#hub/federated/functions/round.js";
import type { Workflow } from "#hub/workflow/definition/model.js";
import { Database } from "#kernel/sqlite.js";
import { agentPaths } from "#node-agent/config.js";
import { Federation } from "./federation.js";
import { type Figure, median } from "./figure.js";

const steps = 110;
const warmUp = 10;
/** Long enough for both sides to have nothing left to do when the next step becomes ready. */
const restMs = 50;

const model = { name: "mlp", input: [8], hidden: [4], classes: 2 };
const given = { dataset: { name: "rows" }, evaluation: "none" };

/** Rounds one after the other, each a step of its own after a rest. */
const workflow: Workflow = {
  document: { dsl: "1.0.3", namespace: "default", name: "bench", version: "1.0.0" },
  do: [
    { first: { call: fedRound.name, with: { ...given, model } } },
    {
      loop: {
        for: { in: `\${ [range(${steps})] }` },
        do: [
          { rest: { wait: { milliseconds: restMs } } },
          { step: { call: fedRound.name, with: { ...given, model: "${ .model }" } } },
        ],
      },
    },
  ],
};

/**
 * From a step's being ready at the hub to its arrival at an agent that has nothing to do. Both times are rows, of one clock and in whole
 * milliseconds: at the hub that of the event `task.running` of the step, which is taken before the transition with the call is committed;
 * at the agent that of the assignment's row in the agent's own journal, which is taken when the agent has decided to accept the offer.
 * Between them lie both of the hub's commits (the transition; the round with its assignment), the choice of sites, and the wire.
 */
export const stepLatency: Figure = {
  id: "step-latency",
  what: "a step ready at the hub to its arrival at an idle agent",
  unit: "ms",
  reach: 10,
  sense: "at most",
  comparison: "-",
  async measure(bench) {
    const federation = await Federation.start(bench, 1, { step: "copy" });
    const readyMs: number[] = [];
    for await (const { type, text, atMs } of federation.runWorkflow(workflow)) {
      if (type === "task.running" && /^(first|step) /.test(text)) readyMs.push(atMs);
    }
    await federation.stop();
    const arrivedMs = federation.agents.flatMap(({ dir }) => arrivals(agentPaths(dir).journal));
    if (arrivedMs.length !== readyMs.length)
      throw new Error(`Of ${readyMs.length} steps ${arrivedMs.length} have arrived.`);
    const took = arrivedMs.map((ms, at) => ms - (readyMs[at] ?? ms)).slice(warmUp + 1);
    return {
      value: median(took),
      detail: `${took.length} steps, ${Math.min(...took)} to ${Math.max(...took)} ms`,
    };
  },
};

/** When an agent that has stopped took its assignments, in their order. */
function arrivals(path: string): number[] {
  const journal = new Database(path);
  try {
    const rows = journal.prepare("select created_at_ms from assignments order by created_at_ms").all();
    return (rows as { created_at_ms: number }[]).map((row) => row.created_at_ms);
  } finally {
    journal.close();
  }
}
