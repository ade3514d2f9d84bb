import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { graphOf } from "#hub/workflow/definition/graph.js";
import { parseDefinition } from "#hub/workflow/definition/lint.js";
import { mermaid } from "#hub/workflow/definition/mermaid.js";
import { everyKeyword } from "./every-keyword.js";
import { lintPorts, withTasks } from "./ports.js";

describe("the picture of a workflow", () => {
  const ports = lintPorts();
  after(() => ports.close());
  const graph = async (text: string) => graphOf((await parseDefinition(text, ports)).workflow);

  it("follows order, jumps, cases and the end", async () => {
    const { edges } = await graph(
      withTasks(
        "  - a: { set: { x: 1 } }\n  - b: { switch: [{ yes: { when: .x, then: d } }] }\n" +
          "  - c: { set: { x: 2 }, then: end }\n  - d: { set: { x: 3 }, then: a }\n",
      ),
    );
    assert.deepEqual(
      edges.map(({ from, to, label }) => [from, to, label ?? ""].join(" ").trim()),
      [
        "/do/0/a /do/1/b",
        "/do/1/b /do/3/d yes",
        "/do/1/b /do/2/c",
        "/do/2/c end",
        "/do/3/d /do/0/a",
        "start /do/0/a",
      ],
    );
  });

  it("draws what a task contains inside it, once", async () => {
    const { nodes, edges } = await graph(everyKeyword);
    const ids = new Set(nodes.map(({ id }) => id));
    assert.equal(ids.size, nodes.length);
    for (const { parent } of nodes) {
      const around = nodes.find(({ id }) => id === parent);
      assert.ok(parent === undefined || around?.group === true, parent);
    }
    for (const { from, to } of edges) assert.ok(ids.has(from) && ids.has(to), `${from} ${to}`);
    assert.equal(nodes.find(({ id }) => id === "/do/4/side/fork/branches/0/left")?.parent, "/do/4/side");
    assert.equal(
      nodes.find(({ id }) => id === "/do/2/attempt/catch/do/0/note")?.parent,
      "/do/2/attempt/catch/do",
    );
    assert.ok(
      edges.some(
        ({ from, to, label }) => from === "/do/2/attempt" && to === "/do/3/loop" && label === "caught",
      ),
    );
  });

  it("leaves a block by exit for where the block leads", async () => {
    const { edges } = await graph(
      withTasks("  - a: { do: [{ b: { set: { x: 1 }, then: exit } }] }\n  - c: { set: { x: 2 } }\n"),
    );
    assert.ok(
      edges.some(({ from, to, label }) => from === "/do/0/a/do/0/b" && to === "/do/1/c" && label === "exit"),
    );
  });

  it("writes Mermaid in which no name can break out of its label", async () => {
    const text = mermaid(
      await graph(withTasks('  - \'"]; click n0 "javascript:x" <b>#amp;\': { set: { x: 1 } }\n')),
    );
    const lines = text.trimEnd().split("\n");
    assert.equal(lines[0], "flowchart TD");
    assert.match(
      lines[2] ?? "",
      /^ {2}n1\["#34;#93;#59; click n0 #34;javascript:x#34; #60;b#62;#35;amp#59;"\]$/,
    );
  });

  it("opens and closes as many groups", async () => {
    const lines = mermaid(await graph(everyKeyword))
      .split("\n")
      .map((line) => line.trim());
    const groups = (await graph(everyKeyword)).nodes.filter(({ group }) => group).length;
    assert.equal(lines.filter((line) => line.startsWith("subgraph ")).length, groups);
    assert.equal(lines.filter((line) => line === "end").length, groups);
  });
});
