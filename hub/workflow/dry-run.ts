import { z } from "zod";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import { processTurns } from "#kernel/turns.js";
import { counted } from "#kernel/words.js";
import { addressesOf, callOf } from "./definition/call-model.js";
import type { TaskKind, Workflow } from "./definition/model.js";
import { type PlacedTask, walkTasks } from "./definition/walk.js";
import { ExpressionError, type Expressions } from "./expression/model.js";
import { expressionsIn, substitute } from "./expression/template.js";
import type { Functions, WorkflowFunction } from "./function.js";
import type { Library } from "./library.js";
import type { Schemas } from "./schema/model.js";

/** What a task would do if a run came to it now. */
export interface DryRunStep {
  readonly ref: string;
  readonly name: string;
  readonly kind: TaskKind;
  /** Empty for what is no call. */
  readonly call: string;
  /** One sentence. */
  readonly text: string;
  /** For a federated function: every site, and by which rule it was left out. */
  readonly sites: readonly DryRunSite[];
}

interface DryRunSite {
  readonly site: string;
  readonly chosen: boolean;
  readonly reason: string;
}

interface Parts {
  readonly functions: Functions;
  readonly library: Library;
  readonly expressions: Expressions;
  readonly schemas: Schemas;
  readonly clock: Clock;
}

/** What federated functions explain: where the call would go, and what it needs. */
const explanationSchema = z.object({
  sites: z.array(z.object({ site: z.string(), chosen: z.boolean(), reason: z.string().default("") })),
  needed: z.number(),
  /** Sites that must stand behind what is let out; one site may stand for several. */
  behind: z.number().default(0),
  refusal: z.string().optional(),
});

/** Where each step of a workflow would go, and which rule would refuse it; nothing is run. Throws `WORKFLOW_INVALID` for an input that its schema refuses. */
export async function dryRun(parts: Parts, workflow: Workflow, input: Json): Promise<readonly DryRunStep[]> {
  const { schema } = workflow.input ?? {};
  if (schema !== undefined && "document" in schema) {
    const { why } = await parts.schemas.check({ schema: schema.document, value: input });
    if (why !== undefined)
      throw new ComityError("WORKFLOW_INVALID", `The workflow refuses this input: ${why}`);
  }
  const steps: DryRunStep[] = [];
  for (const task of walkTasks(workflow)) {
    await processTurns.next();
    steps.push(await stepOf(parts, task, input));
  }
  return steps;
}

async function stepOf(parts: Parts, placed: PlacedTask, input: Json): Promise<DryRunStep> {
  const { ref, name, kind, task } = placed;
  const step = { ref, name, kind, call: "", sites: [] };
  if ("run" in task && "workflow" in task.run) {
    const { namespace, name: child, version } = task.run.workflow;
    const title = `${namespace}/${child}:${version}`;
    const found = await parts.library.get(title).catch((error: unknown) => ComityError.from(error));
    const text = found instanceof ComityError ? `would fail: ${found.message}` : `would start ${title}`;
    return { ...step, call: title, text };
  }
  if (!("call" in task)) return { ...step, text: atTheHub[kind] ?? "would run at the hub" };
  const call = callOf(task);
  const found = parts.functions.find(task.call);
  if (call.kind !== "function") {
    const refused = addressesOf(task).flatMap((address) => refusalOf(found, address) ?? []);
    const text = refused[0] ?? "would be called from the hub";
    return { ...step, call: task.call, text };
  }
  if (found === undefined) return { ...step, call: task.call, text: "would run the workflow's own function" };
  return { ...step, call: task.call, ...(await callStep(parts, found, task.with ?? {}, input)) };
}

/** What tasks do that touch more than the run itself. */
const atTheHub: Partial<Record<TaskKind, string>> = {
  emit: "would publish an event",
  listen: "would wait for events",
  raise: "would raise an error",
  wait: "would wait",
};

/** How the hub would refuse to call an address; undefined where that depends on earlier steps, or on the DNS. */
function refusalOf(called: WorkflowFunction | undefined, address: string): string | undefined {
  const certain = certainPart(address);
  if (certain === undefined) return undefined;
  try {
    called?.checkAddress?.(certain);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof ComityError)) throw thrown;
    return `would be refused: ${thrown.message}`;
  }
}

/** What of an address no expression and no URI template decides; undefined when they decide whom it reaches. */
function certainPart(address: string): string | undefined {
  if (!/[{}]/.test(address)) return address;
  return /^[^/?#{}]*:\/\/[^/?#{}]*(?=[/?#])/.exec(address)?.[0];
}

async function callStep(
  parts: Parts,
  called: WorkflowFunction,
  template: Json,
  input: Json,
): Promise<Pick<DryRunStep, "text" | "sites">> {
  const later = {
    text: "would be decided when a run comes to it: its argument depends on earlier steps",
    sites: [],
  };
  const argument = await argumentOf(parts, template, input);
  const parsed = argument === undefined ? undefined : called.argument.safeParse(argument);
  if (parsed?.success !== true) return later;
  try {
    called.check?.(parsed.data);
    if (called.explain === undefined) return { text: "would be called from the hub", sites: [] };
    const { sites, needed, behind, refusal } = explanationSchema.parse(await called.explain(parsed.data));
    const chosen = sites.filter((site) => site.chosen).length;
    const few = chosen < behind ? `, and lets nothing out unless ${behind} are behind it` : "";
    const text =
      refusal === undefined
        ? `would go to ${counted(chosen, "site")}${few}`
        : `would be refused with ${refusal}: ${counted(chosen, "site")}, and ${needed} needed`;
    return { text, sites };
  } catch (thrown) {
    if (!(thrown instanceof ComityError)) throw thrown;
    return { text: `would fail: ${thrown.message}`, sites: [] };
  }
}

/** The argument as it would be if the task came first; undefined when it cannot be known yet. */
async function argumentOf(parts: Parts, template: Json, input: Json): Promise<Json | undefined> {
  const expressions = expressionsIn(template).map(({ expression }) => expression);
  if (expressions.length === 0) return template;
  const variables = { input, context: {}, workflow: { input } };
  try {
    const nowMs = parts.clock.nowMs();
    return substitute(template, await parts.expressions.evaluate({ input, variables, expressions, nowMs }));
  } catch (thrown) {
    if (thrown instanceof ExpressionError) return undefined;
    throw thrown;
  }
}
