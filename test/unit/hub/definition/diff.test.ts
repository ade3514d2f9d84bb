import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { diffWorkflows } from "#hub/workflow/definition/diff.js";
import { parseDefinition } from "#hub/workflow/definition/lint.js";
import { everyKeyword } from "./every-keyword.js";
import { lintPorts, withTasks } from "./ports.js";

describe("what a new version of a workflow changes", () => {
  const ports = lintPorts();
  after(() => ports.close());
  const diff = async (before: string, now: string): Promise<string[]> => {
    const [old, next] = [await parseDefinition(before, ports), await parseDefinition(now, ports)];
    return diffWorkflows(old.workflow, next.workflow).map(({ change, ref, pointers }) =>
      [change, ref, ...pointers].join(" "),
    );
  };
  const task = (name: string, x = 1): string => `  - ${name}: { set: { x: ${x} } }\n`;

  it("says nothing of the same", async () => {
    assert.deepEqual(await diff(everyKeyword, everyKeyword), []);
  });

  it("knows a task by its name when others come before it", async () => {
    assert.deepEqual(
      await diff(withTasks(task("a") + task("b")), withTasks(task("new") + task("a") + task("b", 2))),
      ["added /do/0/new", "changed /do/2/b /set/x"],
    );
  });

  it("tells the fewest moves", async () => {
    const [before, now] = ["a b c d e", "e a b c d"].map((names) =>
      withTasks(
        names
          .split(" ")
          .map((name) => task(name))
          .join(""),
      ),
    );
    assert.deepEqual(await diff(before ?? "", now ?? ""), ["moved /do/0/e"]);
  });

  it("tells a block that is gone once, and what changes inside one", async () => {
    const block = (inner: string): string =>
      `  - a: { do: [{ b: { set: ${inner} } }, { c: { set: { y: 1 } } }] }\n`;
    assert.deepEqual(await diff(withTasks(block("{ x: 1 }") + task("z")), withTasks(task("z"))), [
      "removed /do/0/a",
    ]);
    assert.deepEqual(await diff(withTasks(block("{ x: 1 }")), withTasks(block("{ x: [1, 2] }"))), [
      "changed /do/0/a/do/0/b /set/x",
    ]);
  });

  it("tells another kind of task, and parts of the document", async () => {
    const now = withTasks("  - a: { wait: PT1S }\n", "timeout: { after: PT1M }\n").replace("1.0.0", "1.0.1");
    assert.deepEqual(await diff(withTasks(task("a")), now), [
      "changed /document /version",
      "added /timeout",
      "changed /do/0/a ",
    ]);
  });
});
