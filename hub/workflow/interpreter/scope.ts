import type { Json } from "#kernel/json.js";
import type { Draft } from "./draft.js";
import type { Frame, FrameId } from "./model.js";
import type { Step } from "./program.js";
import { secretsOf } from "./secrets.js";

/** What expressions may see besides what they always see. */
export interface Stage {
  /** Before the task has its input: there is no `$input`. */
  readonly early?: true;
  /** The task's output before `output.as`, for `$task.output`. */
  readonly rawOutput?: Json;
  /** After `output.as`. */
  readonly output?: Json;
  /** `$secrets` is there. */
  readonly secrets?: true;
  /** Variables of the task itself, such as the item of a loop. */
  readonly variables?: Readonly<Record<string, Json>>;
}

/** For whom something is evaluated: the task and what it can see. */
export interface View {
  readonly draft: Draft;
  readonly id: FrameId;
  readonly stage: Stage;
  /** What `.` stands for. */
  readonly input: Json;
}

/** A frame's input after `input.from`. */
export function inputOf(draft: Draft, id: FrameId): Json {
  const { parent, input } = draft.frame(id);
  if (parent === undefined) return draft.state.input;
  return input === undefined ? rawOf(draft, id) : input;
}

/** A frame's input before `input.from`. */
export function rawOf(draft: Draft, id: FrameId): Json {
  for (let at = id; ; ) {
    const { raw, parent } = draft.frame(at);
    if (raw !== undefined) return raw;
    if (parent === undefined) return draft.state.rawInput ?? draft.state.input;
    const { input, parent: next } = draft.frame(parent);
    if (next === undefined) return draft.state.input;
    if (input !== undefined) return input;
    at = parent;
  }
}

/** What a task's own expressions are evaluated over. */
export function viewOf(draft: Draft, id: FrameId, stage: Stage = {}): View {
  return { draft, id, stage, input: inputOf(draft, id) };
}

/** The values of the variables that some expressions name; what there is not is left out, so that using it is an error. */
export function variables(
  draft: Draft,
  id: FrameId,
  stage: Stage,
  expressions: readonly string[],
): Readonly<Record<string, Json>> {
  const found: Record<string, Json> = {};
  for (const expression of expressions) {
    for (const name of namesIn(draft, expression)) {
      if (Object.hasOwn(found, name)) continue;
      const value = lookup(draft, id, stage, name);
      if (value !== undefined) found[name] = value;
    }
  }
  return found;
}

/** The words after a dollar sign; some may be jq's own or stand in a text, which does no harm. */
function namesIn(draft: Draft, expression: string): readonly string[] {
  const { names } = draft.program;
  let known = names.get(expression);
  if (known === undefined) {
    known = [...new Set([...expression.matchAll(/\$([A-Za-z_]\w*)/g)].map((match) => match[1] ?? ""))];
    names.set(expression, known);
  }
  return known;
}

function lookup(draft: Draft, id: FrameId, stage: Stage, name: string): Json | undefined {
  const whole = draft.frame(id).parent === undefined;
  switch (name) {
    case "context":
      return whole && stage.early ? undefined : draft.state.context;
    case "input":
      return whole && stage.rawOutput !== undefined
        ? undefined
        : stage.early
          ? undefined
          : inputOf(draft, id);
    case "output":
      return stage.output;
    case "authorization":
      // Authentications are resolved at the moment of the call, and no task sees what came of them.
      return whole || stage.early ? undefined : null;
    case "secrets":
      return stage.secrets ? secretsOf(draft.program.workflow, draft.state.info) : undefined;
    case "task":
      return whole ? undefined : taskOf(draft, id, stage);
    case "workflow":
      return workflowOf(draft);
    case "runtime":
      return { name: "comity", version: draft.state.info.version ?? "unknown", metadata: {} };
    default:
      return Object.hasOwn(stage.variables ?? {}, name)
        ? stage.variables?.[name]
        : inherited(draft, id, name);
  }
}

/** A variable of the loops and catches around a task; a function sees none of its caller, an extension none of its task. */
function inherited(draft: Draft, id: FrameId, name: string): Json | undefined {
  for (let at = draft.frame(id).parent; at !== undefined; at = draft.frame(at).parent) {
    const frame = draft.frame(at);
    const step = draft.stepAt(frame.ref);
    if (frame.extension !== undefined || step.kind === "call") return undefined;
    const own = ownVariables(frame, step);
    if (Object.hasOwn(own, name)) return own[name];
  }
  return undefined;
}

/** What a composite gives to the tasks in it. */
export function ownVariables(frame: Frame, step: Step): Readonly<Record<string, Json>> {
  if (step.kind === "for" && frame.loop !== undefined) {
    const { each = "item", at = "index" } = step.task.for;
    return { [each]: frame.loop.items[frame.loop.at] ?? null, [at]: frame.loop.at };
  }
  if (step.kind === "try" && frame.trying?.error !== undefined)
    return { [step.task.catch.as ?? "error"]: frame.trying.error as unknown as Json };
  if (step.kind === "listen" && frame.listening !== undefined) {
    const { item = "item", at = "index" } = step.task.foreach ?? {};
    return { [item]: frame.listening.queue[0] ?? null, [at]: frame.listening.taken.length };
  }
  return {};
}

/** `$task`: of a task in an extension, the one that it stands around. */
function taskOf(draft: Draft, id: FrameId, stage: Stage): Json {
  let subject = id;
  let output = stage.rawOutput;
  for (let at = draft.frame(id).parent; at !== undefined; at = draft.frame(at).parent) {
    const { extension } = draft.frame(at);
    if (extension === undefined) continue;
    subject = at;
    output = extension.result?.raw;
    break;
  }
  const step = draft.step(subject);
  return {
    name: step.name,
    reference: step.ref,
    definition: step.task as unknown as Json,
    input: rawOf(draft, subject),
    ...(output === undefined ? {} : { output }),
    startedAt: moment(draft.frame(subject).startedAtMs ?? draft.nowMs),
  };
}

function workflowOf({ state, program }: Draft): Json {
  return {
    id: state.info.id,
    definition: program.workflow as unknown as Json,
    input: state.rawInput ?? state.input,
    startedAt: moment(state.info.startedAtMs),
  };
}

function moment(ms: number): Json {
  return {
    iso8601: new Date(ms).toISOString(),
    epoch: { seconds: Math.floor(ms / 1000), milliseconds: ms },
  };
}
