import { pointerPart } from "#kernel/json-pointer.js";
import {
  type DoTask,
  type Extension,
  type KindedTask,
  kinded,
  type Task,
  type TaskKind,
  type Workflow,
} from "../definition/model.js";
import { type Block, blocksOf, extensionBlocks, placed } from "../definition/walk.js";
import { namePath } from "./refs.js";

/** A task in its place, with what applies to it. */
export type Step = KindedTask & {
  /** JSON Pointer; empty for the workflow as a whole. */
  readonly ref: string;
  readonly name: string;
  /** The list that it stands in; absent for the workflow and for functions. */
  readonly block?: string;
  /** The task that contains that list; empty for the workflow, absent for functions and in extensions. */
  readonly parentRef?: string;
  readonly place: number;
  /** Extensions of this kind of task, in the order of the document. */
  readonly extensions: readonly PlacedExtension[];
};

/** An extension and where it stands. */
interface PlacedExtension {
  readonly ref: string;
  readonly rule: Extension;
}

/** A workflow made ready to be interpreted. */
export interface Program {
  readonly workflow: Workflow;
  readonly steps: ReadonlyMap<string, Step>;
  /** Lists of tasks by their pointers. */
  readonly blocks: ReadonlyMap<string, readonly Step[]>;
  /** Pointers by their path of names, which stays the same when a task moves within its list. */
  readonly refs: ReadonlyMap<string, string>;
  /** Which variables an expression names; filled as they are asked for. */
  readonly names: Map<string, readonly string[]>;
}

interface Place {
  readonly ref: string;
  readonly name: string;
  readonly task: Task;
  readonly place: number;
  readonly block?: string;
  readonly parentRef?: string;
}

const composites: ReadonlySet<TaskKind> = new Set(["do", "for", "fork", "listen", "switch", "try"]);

/** Makes a program of a workflow that lint has accepted. */
export function compile(workflow: Workflow): Program {
  const steps = new Map<string, Step>();
  const blocks = new Map<string, readonly Step[]>();
  const extensions = placedExtensions(workflow);

  const addBlock = (block: Block, extended: boolean, parentRef?: string): void => {
    const parent = parentRef === undefined ? {} : { parentRef };
    const list = [...placed(block)].map((item, place) =>
      addStep({ ...item, ...parent, place, block: block.ref }, extended),
    );
    blocks.set(block.ref, list);
  };
  const addStep = (at: Place, extended: boolean): Step => {
    const { task, ...where } = at;
    const known = kinded(task);
    const step: Step = {
      ...where,
      ...known,
      extensions: extended ? extensions.filter(({ rule }) => applies(rule, known.kind)) : [],
    };
    steps.set(at.ref, step);
    for (const block of blocksOf(at.ref, task)) addBlock(block, extended, at.ref);
    return step;
  };

  steps.set("", {
    kind: "do",
    task: whole(workflow),
    ref: "",
    name: workflow.document.name,
    place: 0,
    extensions: [],
  });
  addBlock({ ref: "/do", tasks: workflow.do }, true, "");
  for (const [name, task] of Object.entries(workflow.use?.functions ?? {}))
    addStep({ ref: `/use/functions/${pointerPart(name)}`, name, task, place: 0 }, true);
  for (const block of extensionBlocks(workflow)) addBlock(block, false);
  return {
    workflow,
    steps,
    blocks,
    refs: new Map([...steps.keys()].map((ref) => [namePath(ref), ref])),
    names: new Map(),
  };
}

/** The workflow as the one task that contains all others. */
function whole({ do: tasks, input, output, timeout }: Workflow): DoTask {
  return {
    do: tasks,
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

function placedExtensions(workflow: Workflow): readonly PlacedExtension[] {
  return (workflow.use?.extensions ?? []).flatMap((item, index) =>
    Object.entries(item).map(([name, rule]) => ({
      ref: `/use/extensions/${index}/${pointerPart(name)}`,
      rule,
    })),
  );
}

function applies({ extend }: Extension, kind: TaskKind): boolean {
  return extend === "all" || extend === kind || (extend === "composite" && composites.has(kind));
}
