import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { lintDefinition, parseDefinition } from "#hub/workflow/definition/lint.js";
import { type TaskKind, taskKinds } from "#hub/workflow/definition/model.js";
import { walkTasks } from "#hub/workflow/definition/walk.js";
import { ComityError } from "#kernel/errors.js";
import { everyKeyword } from "./every-keyword.js";
import { lintPorts, withTasks } from "./ports.js";

describe("workflows that are accepted", () => {
  const ports = lintPorts();
  after(() => ports.close());

  it("accepts a workflow with every kind of task and every key, without a word", async () => {
    const { findings, definition } = await lintDefinition(everyKeyword, ports);
    assert.deepEqual(findings, []);
    const kinds = new Set<TaskKind>(
      [...walkTasks(definition?.workflow ?? assert.fail())].map(({ kind }) => kind),
    );
    assert.deepEqual([...kinds].toSorted(), taskKinds.toSorted());
  });

  it("gives one digest to one workflow, however it is written", async () => {
    const yaml = await parseDefinition(withTasks("  - a: { set: { x: 1, y: yes } }\n"), ports);
    const json = JSON.stringify({
      do: [{ a: { set: { y: "yes", x: 1 } } }],
      document: { version: "1.0.0", name: "one", namespace: "tests", dsl: "1.0.3" },
    });
    const same = await parseDefinition(`\uFEFF${json}`, ports);
    assert.equal(same.sha256, yaml.sha256);
    assert.equal(same.json, yaml.json);
    const other = await parseDefinition(withTasks("  - a: { set: { x: 2, y: yes } }\n"), ports);
    assert.notEqual(other.sha256, yaml.sha256);
  });

  it("gives each task its pointer, and that of the task around it", async () => {
    const { workflow } = await parseDefinition(everyKeyword, ports);
    const tasks = [...walkTasks(workflow)];
    assert.equal(new Set(tasks.map(({ ref }) => ref)).size, tasks.length);
    for (const { ref, parentRef, name } of tasks) {
      assert.ok(parentRef === undefined || ref.startsWith(`${parentRef}/`), ref);
      assert.equal(ref.split("/").at(-1), name);
    }
    for (const ref of [
      "/do/2/attempt/try/0/fetch",
      "/do/2/attempt/catch/do/0/note",
      "/do/3/loop/do/0/add",
      "/do/4/side/fork/branches/1/right",
      "/do/5/hear/foreach/do/0/keep",
      "/use/functions/greet",
      "/use/extensions/0/audit/before/0/say",
    ])
      assert.ok(
        tasks.some((task) => task.ref === ref),
        ref,
      );
  });

  it("takes warnings for advice, and names file, line and column of errors", async () => {
    const warned = await lintDefinition(
      withTasks("  - a: { set: { x: 1 }, then: end }\n  - b: { set: { x: 1 } }\n"),
      ports,
    );
    assert.deepEqual(
      warned.findings.map(({ severity }) => severity),
      ["warning"],
    );
    assert.ok(warned.definition);
    await assert.rejects(
      parseDefinition(withTasks("  - a: { sett: { x: 1 } }\n"), ports, "a.yaml"),
      (error) => {
        assert.ok(error instanceof ComityError && error.code === "WORKFLOW_INVALID");
        assert.match(error.message, /^a\.yaml:3:10: A task has no keyword "sett"; did you mean "set"\?/);
        return true;
      },
    );
  });

  it("does not hold a text for what looks like its type: words and dates stay texts", async () => {
    const { workflow } = await parseDefinition(
      withTasks("  - a: { set: { a: yes, b: 2026-01-31, c: 1e3, d: 0x10, e: ~, f: 'true', 1: one } }\n"),
      ports,
    );
    const [item] = workflow.do;
    assert.deepEqual(item?.["a"], {
      set: { a: "yes", b: "2026-01-31", c: 1000, d: 16, e: null, f: "true", "1": "one" },
    });
  });
});
