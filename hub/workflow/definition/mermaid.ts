import type { GraphNode, WorkflowGraph } from "./graph.js";

/** The graph as a flowchart of Mermaid (mermaid.js.org). */
export function mermaid(graph: WorkflowGraph): string {
  const ids = new Map(graph.nodes.map((node, index) => [node.id, `n${index}`]));
  const idOf = (id: string): string => ids.get(id) ?? "n0";
  const inside = new Map<string | undefined, GraphNode[]>();
  for (const node of graph.nodes) inside.set(node.parent, [...(inside.get(node.parent) ?? []), node]);
  const lines = ["flowchart TD"];
  const draw = (node: GraphNode, indent: string): void => {
    const id = idOf(node.id);
    const label = [node.label, node.detail].filter((part) => part !== undefined).map(escaped);
    if (!node.group) {
      const [open, close] = shapes[node.kind] ?? ['["', '"]'];
      lines.push(`${indent}${id}${open}${label.join("<br/>")}${close}`);
      return;
    }
    lines.push(`${indent}subgraph ${id}["${label.join(": ")}"]`);
    for (const child of inside.get(node.id) ?? []) draw(child, `${indent}  `);
    lines.push(`${indent}end`);
  };
  for (const node of inside.get(undefined) ?? []) draw(node, "  ");
  for (const { from, to, label } of graph.edges) {
    const said = label === undefined ? "" : `|"${escaped(label)}"|`;
    lines.push(`  ${idOf(from)} -->${said} ${idOf(to)}`);
  }
  return `${lines.join("\n")}\n`;
}

const shapes: Readonly<Partial<Record<GraphNode["kind"], readonly [string, string]>>> = {
  start: ['(["', '"])'],
  end: ['(["', '"])'],
  call: ['[["', '"]]'],
  switch: ['{"', '"}'],
  listen: ['[/"', '"/]'],
  emit: ['[/"', '"/]'],
  wait: ['("', '")'],
};

/** Text in which no character means anything to Mermaid or HTML: the others are written by their numbers. */
function escaped(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return cut
    .toWellFormed()
    .replace(/[^\p{L}\p{N} _.,:/@()+=…-]/gu, (character) => `#${character.codePointAt(0) ?? 0};`);
}
