import type { Json } from "#kernel/json.js";
import { pointerPart } from "#kernel/json-pointer.js";
import { callOf } from "./call-model.js";
import { kinded, type Task, type TaskKind, type Workflow } from "./model.js";
import type { Duration } from "./parts.js";
import { type Block, blocksOf, extensionBlocks, placed } from "./walk.js";
import { type Way, waysThrough } from "./ways.js";

/** A workflow as a picture: plain JSON, for the console and for {@link mermaid}. */
export interface WorkflowGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphNode {
  /** `start`, `end`, or the JSON Pointer of the task or block. */
  readonly id: string;
  /** A task's keyword; `block` is a part of a task, such as what it does after an error. */
  readonly kind: TaskKind | "start" | "end" | "block";
  /** The task's name. */
  readonly label: string;
  /** What the task does, in a few words. */
  readonly detail?: string;
  /** The node that it is drawn in. */
  readonly parent?: string;
  /** Other nodes are drawn in it. */
  readonly group: boolean;
}

interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
}

/** The tasks of a workflow, what contains what, and where each may lead. */
export function graphOf(workflow: Workflow): WorkflowGraph {
  const drawing = new Drawing();
  drawing.node({ id: "start", kind: "start", label: "start", group: false });
  const main = { ref: "/do", tasks: workflow.do };
  drawing.block(main, undefined, ["end"]);
  drawing.edge("start", firstOf(main) ?? "end");
  drawing.node({ id: "end", kind: "end", label: "end", group: false });
  for (const [name, task] of Object.entries(workflow.use?.functions ?? {}))
    drawing.task(`/use/functions/${pointerPart(name)}`, name, task, undefined, []);
  for (const block of extensionBlocks(workflow)) drawing.aside(block, asideLabel(block.ref));
  return drawing;
}

class Drawing implements WorkflowGraph {
  readonly nodes: GraphNode[] = [];
  readonly edges: GraphEdge[] = [];

  node(node: GraphNode): void {
    this.nodes.push(node);
  }

  edge(from: string, to: string, label?: string): void {
    this.edges.push({ from, to, ...(label === undefined ? {} : { label }) });
  }

  /** A block that no task leads to: it runs around others, or is called. */
  aside(block: Block, label: string): void {
    this.node({ id: block.ref, kind: "block", label, group: true });
    this.block(block, block.ref, []);
  }

  /** The tasks of a list, inside a node. `after` is where the list leads to when it is left. */
  block(block: Block, parent: string | undefined, after: readonly string[], sideBySide = false): void {
    const refs = [...placed(block)];
    const ways = sideBySide ? [] : waysThrough(block.tasks as unknown as Json);
    for (const [index, { ref, name, task }] of refs.entries()) {
      const targets = (ways[index] ?? []).flatMap((way) => this.#targets(way, refs, after));
      this.task(ref, name, task, parent, [...new Set(targets.map(({ to }) => to))]);
      // What ends a list leads on by the node around the list.
      for (const { to, label, leaves } of targets) {
        if (!leaves || parent === undefined) this.edge(ref, to, label);
      }
    }
  }

  #targets(
    { to, label }: Way,
    refs: readonly { readonly ref: string }[],
    after: readonly string[],
  ): { to: string; label: string | undefined; leaves: boolean }[] {
    if (to === "end") return [{ to: "end", label, leaves: false }];
    if (to === "exit") return after.map((id) => ({ to: id, label: label ?? "exit", leaves: false }));
    const next = refs[to]?.ref;
    if (next !== undefined) return [{ to: next, label, leaves: false }];
    return after.map((id) => ({ to: id, label, leaves: label === undefined }));
  }

  task(ref: string, name: string, task: Task, parent: string | undefined, after: readonly string[]): void {
    const blocks = blocksOf(ref, task);
    const { kind } = kinded(task);
    const detail = detailOf(task);
    this.node({
      id: ref,
      kind,
      label: name,
      ...(detail === undefined ? {} : { detail }),
      ...(parent === undefined ? {} : { parent }),
      group: blocks.length > 0,
    });
    for (const [index, block] of blocks.entries()) {
      if (index === 0) this.block(block, ref, after, kind === "fork");
      else {
        this.node({ id: block.ref, kind: "block", label: "catch", parent: ref, group: true });
        this.block(block, block.ref, after);
      }
    }
  }
}

function firstOf(block: Block): string | undefined {
  const [first] = placed(block);
  return first?.ref;
}

function asideLabel(ref: string): string {
  return `extension ${ref.split("/").slice(-2).join(" ")}`;
}

function detailOf(task: Task): string | undefined {
  const known = kinded(task);
  switch (known.kind) {
    case "call":
      return `call ${callOf(known.task).kind === "function" ? known.task.call : known.task.call.toUpperCase()}`;
    case "for":
      return `for each ${known.task.for.each ?? "item"}`;
    case "fork":
      return known.task.fork.compete === true ? "the first of" : "all of";
    case "wait":
      return `wait ${durationText(known.task.wait)}`;
    case "run":
      return "workflow" in known.task.run ? `run ${known.task.run.workflow.name}` : "run";
    case "raise": {
      const { error } = known.task.raise;
      return `raise ${typeof error === "string" ? error : error.type}`;
    }
    case "emit":
      return `emit ${known.task.emit.event.with.type ?? "an event"}`;
    case "do":
    case "listen":
    case "set":
    case "switch":
    case "try":
      return undefined;
  }
}

function durationText(duration: Duration): string {
  if (typeof duration === "string") return duration;
  return Object.entries(duration)
    .map(([unit, number]) => `${number} ${unit}`)
    .join(" ");
}
