import { pointerPart } from "#kernel/json-pointer.js";
import { kinded, type Task, type TaskKind, type TaskList, taskKind, type Workflow } from "./model.js";

/** A task and where it stands. */
export interface PlacedTask {
  /** The JSON Pointer of the task in its document, such as `/do/1/attempt/try/0/fetch`. */
  readonly ref: string;
  readonly name: string;
  readonly kind: TaskKind;
  readonly task: Task;
  /** The task that contains it; absent at the top. */
  readonly parentRef?: string;
}

/** One list of tasks inside a task, with its pointer. */
export interface Block {
  /** The JSON Pointer of the list. */
  readonly ref: string;
  readonly tasks: TaskList;
}

/** Every task of a workflow, those of `use.functions` and `use.extensions` too, each before what it contains. */
export function* walkTasks(workflow: Workflow): Generator<PlacedTask> {
  yield* walkList({ ref: "/do", tasks: workflow.do });
  for (const [name, task] of Object.entries(workflow.use?.functions ?? {}))
    yield* walkTask(`/use/functions/${pointerPart(name)}`, name, task);
  for (const block of extensionBlocks(workflow)) yield* walkList(block);
}

/** The lists `before` and `after` of every extension. */
export function* extensionBlocks(workflow: Workflow): Generator<Block> {
  for (const [index, item] of (workflow.use?.extensions ?? []).entries()) {
    for (const [name, extension] of Object.entries(item)) {
      const ref = `/use/extensions/${index}/${pointerPart(name)}`;
      if (extension.before !== undefined) yield { ref: `${ref}/before`, tasks: extension.before };
      if (extension.after !== undefined) yield { ref: `${ref}/after`, tasks: extension.after };
    }
  }
}

/** The lists that a task contains, in the order of their running. */
export function blocksOf(ref: string, task: Task): readonly Block[] {
  const known = kinded(task);
  switch (known.kind) {
    case "do":
    case "for":
      return [{ ref: `${ref}/do`, tasks: known.task.do }];
    case "fork":
      return [{ ref: `${ref}/fork/branches`, tasks: known.task.fork.branches }];
    case "try": {
      const blocks = [{ ref: `${ref}/try`, tasks: known.task.try }];
      if (known.task.catch.do !== undefined)
        blocks.push({ ref: `${ref}/catch/do`, tasks: known.task.catch.do });
      return blocks;
    }
    case "listen": {
      const tasks = known.task.foreach?.do;
      return tasks === undefined ? [] : [{ ref: `${ref}/foreach/do`, tasks }];
    }
    case "call":
    case "emit":
    case "raise":
    case "run":
    case "set":
    case "switch":
    case "wait":
      return [];
  }
}

/** The tasks of a list with their pointers; not what they contain. */
export function* placed(block: Block): Generator<{ ref: string; name: string; task: Task }> {
  for (const [index, item] of block.tasks.entries())
    for (const [name, task] of Object.entries(item))
      yield { ref: `${block.ref}/${index}/${pointerPart(name)}`, name, task };
}

function* walkList(block: Block, parentRef?: string): Generator<PlacedTask> {
  for (const { ref, name, task } of placed(block)) yield* walkTask(ref, name, task, parentRef);
}

function* walkTask(ref: string, name: string, task: Task, parentRef?: string): Generator<PlacedTask> {
  yield { ref, name, kind: taskKind(task), task, ...(parentRef === undefined ? {} : { parentRef }) };
  for (const block of blocksOf(ref, task)) yield* walkList(block, ref);
}
