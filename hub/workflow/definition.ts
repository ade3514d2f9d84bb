import { z } from "zod";
import type { PlanInput } from "#hub/rounds/plan.js";
import { ComityError } from "#kernel/errors.js";
import { parseValue } from "#kernel/config.js";

/** The federated function that trains: its name and version in the hub's own catalogue. */
export const fedTrain = "fed.train:1.0.0@default";

/** A workflow of the Open Workflow DSL 1.0.3, as far as the hub runs it now: one step that calls {@link fedTrain}. */
const workflowSchema = z.strictObject({
  document: z.strictObject({
    dsl: z.literal("1.0.3"),
    namespace: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
  }),
  do: z
    .array(
      z
        .record(z.string().min(1).max(128), z.strictObject({ call: z.literal(fedTrain), with: z.unknown() }))
        .refine((step) => Object.keys(step).length === 1, "a step has exactly one task"),
    )
    .length(1, "this hub runs workflows of one step"),
});

export type Workflow = z.infer<typeof workflowSchema>;

/** The workflow of one step that stands for a training plan. */
export function trainingWorkflow(name: string, plan: PlanInput): Workflow {
  return {
    document: { dsl: "1.0.3", namespace: "default", name, version: "1.0.0" },
    do: [{ train: { call: fedTrain, with: plan } }],
  };
}

/** A workflow from outside; throws `WORKFLOW_UNSUPPORTED` with the reason. */
export function parseWorkflow(value: unknown): Workflow {
  const workflow = parseValue(value, "workflow", workflowSchema, "WORKFLOW_UNSUPPORTED");
  onlyStep(workflow);
  return workflow;
}

/** The one step: its JSON Pointer, its function and its argument. */
export function onlyStep(workflow: Workflow): { ref: string; call: string; argument: unknown } {
  const [name, task] = Object.entries(workflow.do[0] ?? {})[0] ?? [];
  if (name === undefined || task === undefined)
    throw new ComityError("WORKFLOW_UNSUPPORTED", "The workflow has no step.");
  return {
    ref: `/do/0/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    call: task.call,
    argument: task.with,
  };
}
