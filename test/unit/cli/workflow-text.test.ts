import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { renderRun, renderTask } from "#cli/render/run.js";
import { inTreeOrder } from "#cli/render/tree.js";
import { renderDryRun, renderExplanation, renderWorkflows } from "#cli/render/workflow.js";
import { readJsonOption } from "#cli/text-file.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import type { Task__Output } from "#proto/generated/comity/v1/Task.js";
import { temporaryFolders } from "#test/support/folders.js";

const task = (ref: string, more: Partial<Task__Output> = {}): Task__Output => ({
  ref,
  name: ref.split("/").at(-1) ?? "",
  kind: "set",
  call: "",
  state: "completed",
  attempts: 1,
  passes: 1,
  inputJson: "{}",
  outputJson: '{"n":1}',
  errorJson: "",
  startedAtMs: 1000,
  endedAtMs: 1250,
  ...more,
});

const run = (tasks: Task__Output[], more: Partial<Run__Output> = {}): Run__Output => ({
  runId: "r1",
  name: "fix",
  workflowSha256: "ab",
  workflowJson: "",
  workflow: "guide/fix:1.0.0",
  state: "completed",
  startedBy: "ada",
  startedAtMs: 1000,
  endedAtMs: 2000,
  errorCode: "",
  errorText: "",
  model: null,
  inputJson: '{"n":0}',
  outputJson: '{"n":1}',
  errorJson: "",
  parent: "",
  tasks,
  rounds: [],
  ...more,
});

describe("a run that is shown", () => {
  it("has its tasks as they stand in the workflow, each within those around it", () => {
    const tasks = [
      task("/do/10/last"),
      task("/do/2/booked/catch/do/0/undo"),
      task("/do/2/booked", { kind: "try" }),
      task("/do/2/booked/try/0/book"),
    ];
    assert.deepEqual(
      inTreeOrder(tasks).map(({ item, depth }) => `${depth} ${item.name}`),
      ["0 booked", "1 book", "1 undo", "0 last"],
    );
    const lines = renderRun(run(tasks), 0).split("\n");
    assert.ok(
      lines.some((line) => line.startsWith("  undo ")),
      lines.join("\n"),
    );
    const input = lines.indexOf("Input:");
    assert.deepEqual(lines.slice(input, input + 4), ["Input:", "{", '  "n": 0', "}"]);
    assert.ok(lines.indexOf("Output:") > input);
  });

  it("cuts long values in the table, has them whole for one task, and says an error in words", () => {
    const inputJson = JSON.stringify({ text: "x".repeat(200) });
    const errorJson = JSON.stringify({ type: "t", status: 500, title: "No", detail: "not today" });
    const failed = task("/do/0/one", { state: "failed", inputJson, outputJson: "", errorJson });
    const table = renderRun(run([failed], { state: "failed" }), 0);
    assert.match(table, /x{20,}… {2}No: not today$/m);
    assert.ok(!table.includes("x".repeat(60)) && !table.includes("Output:"));
    const whole = renderTask(failed, 0);
    assert.ok(whole.includes("x".repeat(200)) && whole.includes('"detail": "not today"'));
    assert.ok(!whole.includes("Output:"));
  });
});

describe("what is told of a workflow", () => {
  it("shows where each step would go, with the sites under the step", () => {
    const step = { ref: "/do/0/train", name: "train", kind: "call", call: "fed.train:1.0.0@default" };
    const text = renderDryRun({
      steps: [
        {
          ...step,
          text: "would go to 1 site",
          sites: [
            { site: "acme/berlin", chosen: true, reason: "" },
            { site: "acme/paris", chosen: false, reason: "it is offline" },
          ],
        },
      ],
    });
    assert.deepEqual(text.split("\n"), [
      "STEP           WHAT                     IT",
      "train          fed.train:1.0.0@default  would go to 1 site",
      "  acme/berlin  yes",
      "  acme/paris   no                       it is offline",
      "",
      "Nothing has been run.",
    ]);
  });

  it("explains from the outermost task inwards; what is waited for stands side by side", () => {
    const text = renderExplanation({
      summary: "Task ask waits for an event of type a.b.",
      reasons: [
        { ref: "/do/0/tried", text: "tried (try) is running" },
        { ref: "/do/0/tried/try/0/ask", text: "ask (listen) is waiting" },
        { ref: "", text: "for an event of type a.b" },
        { ref: "", text: "until noon" },
      ],
    });
    assert.deepEqual(
      text.split("\n").map((line) => line.search(/\S/)),
      [0, 2, 4, 6, 6],
    );
  });

  it("says when nothing is published", () => {
    assert.match(renderWorkflows([]), /`comity workflow publish FILE`/);
  });
});

describe("a JSON value of the command line", () => {
  const folder = temporaryFolders();

  it("is JSON itself, whatever it is, or a file of that name", async () => {
    const file = join(await folder(), "input.json");
    await writeFile(file, '{"a": 1}');
    assert.equal(await readJsonOption(file), '{"a": 1}');
    for (const json of ['{"a": 1}', " [1]", '"text"', "7", "true", "null"])
      assert.equal(await readJsonOption(json), json);
  });

  it("is refused with what is wrong: no JSON, no file, a folder", async () => {
    const dir = await folder();
    await assert.rejects(readJsonOption('{"a": '), { code: "ARGUMENT_INVALID", message: /is no JSON/ });
    await assert.rejects(readJsonOption("nowhere.json"), { message: "There is no file nowhere.json." });
    await assert.rejects(readJsonOption(dir), { message: `${dir} is a folder.` });
  });
});
