import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { examineInThread } from "#hub/workflow/definition/examiner.js";
import { lintDefinition } from "#hub/workflow/definition/lint.js";
import { lintPorts, withTasks } from "./ports.js";

const bomb = `a: &a [x, x]\n${"bcdefgh".replaceAll(/./g, (key) => `${key}: &${key} [*a, *a]\n`)}`;
const million = 1 << 20;

/** What is found, and the text; ▮ stands before the place, or nowhere: then it does not matter. */
const hostile: readonly (readonly [string, string, string])[] = [
  ["an empty text", "empty", ""],
  ["nothing but a comment", "empty", "# nothing\n"],
  ["a text in place of an object", "wrong-type", "▮hello"],
  ["a list in place of an object", "wrong-type", "▮- a\n- b\n"],
  ["an anchor bomb", "alias", bomb],
  ["an anchor", "alias", "document: ▮&a { x: 1 }\n"],
  ["an alias", "alias", "document: 1\ndo: ▮*a\n".replace("*a", "*document")],
  ["a tag", "tag", "document: ▮!!js/function 'x'\n"],
  ["a tag of the core", "tag", "document: ▮!!str 1\n"],
  ["a merge key", "merge-key", "document: { ▮<<: { a: 1 } }\n"],
  ["a directive", "directive", "▮%YAML 1.1\n---\na: yes\n"],
  ["a duplicate key", "duplicate-key", "document: { a: 1, ▮a: 2 }\n"],
  ["a duplicate key in JSON", "duplicate-key", '{"do": [], ▮"do": []}'],
  ["__proto__", "key-invalid", "document: { ▮__proto__: { x: 1 } }\n"],
  ["constructor", "key-invalid", 'document: { "▮constructor": 1 }\n'.replace('"▮', '▮"')],
  ["a key that is an object", "yaml-syntax", "document:\n  ? ▮{ a: 1 }\n  : 2\n"],
  ["two documents", "many-documents", "a: 1\n---\nb: 2\n"],
  ["a number that is none", "number-invalid", "document: { a: ▮.nan }\n"],
  ["a number without end", "number-invalid", "document: { a: ▮1e999 }\n"],
  ["a number that loses digits", "number-invalid", "document: { a: ▮12345678901234567890 }\n"],
  ["half a character by an escape", "text-invalid", 'document: { a: ▮"\\ud800" }\n'],
  ["half a character", "text-invalid", "document: { a: x\ud800 }\n"],
  ["JSON cut off", "yaml-syntax", '{"document": {"dsl": '],
  ["a tab for a space", "yaml-syntax", "document:\n\tdsl: 1\n"],
  ["1 MiB and a byte", "too-large", "#".repeat(million + 1)],
  ["100,000 brackets", "too-deep", "[".repeat(100_000)],
  ["100,000 brackets, closed", "too-deep", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["100,000 objects", "too-deep", '{"a":'.repeat(100_000)],
  ["100,000 lists in a line", "too-deep", "- ".repeat(100_000)],
  ["1,000 indents", "too-deep", Array.from({ length: 1000 }, (_, at) => `${" ".repeat(at)}a:`).join("\n")],
  ["a million quotes", "too-many-values", '"'.repeat(million)],
  ["300,000 anchors", "alias", "&a ".repeat(300_000)],
  ["a million line ends", "too-many-values", "\n".repeat(million)],
  ["100,000 keys", "too-many-values", Array.from({ length: 100_000 }, (_, at) => `k${at}: 1`).join("\n")],
];

describe("texts that mean harm", () => {
  const ports = lintPorts();
  before(() => examineInThread(""));
  after(() => ports.close());

  it("stops after two expressions that take too much work to read, however many there are", async () => {
    // jq reads this in quadratic time.
    const slow = (at: number) => `${'"\\('.repeat(2_600)}${at}${')"'.repeat(2_600)}`;
    const tasks = Array.from({ length: 30 }, (_, at) => `  - t${at}: { set: { x: '\${ ${slow(at)} }' } }\n`);
    const { findings } = await lintDefinition(withTasks(tasks.join("")), ports);
    assert.deepEqual(
      findings.map(({ code, line }) => [code, line]),
      [3, 4, 5].map((line) => ["jq-invalid", line]),
    );
    assert.match(findings[2]?.message ?? "", /28 more expressions were not looked at/);
  });

  for (const [name, code, marked] of hostile) {
    it(`has one finding for ${name}: ${code}`, async () => {
      const offset = marked.indexOf("▮");
      const above = marked.slice(0, Math.max(0, offset)).split("\n");
      const { findings, definition } = await lintDefinition(marked.replace("▮", ""), ports);
      assert.deepEqual(
        findings.map((finding) => finding.code),
        [code],
        JSON.stringify(findings),
      );
      assert.equal(definition, undefined);
      const [finding] = findings;
      if (offset >= 0)
        assert.deepEqual([finding?.line, finding?.column], [above.length, (above.at(-1)?.length ?? 0) + 1]);
      assert.ok((finding?.message.length ?? 1000) < 400, finding?.message);
    });
  }

  it("tells at most 100 faults", async () => {
    const tasks = Array.from({ length: 500 }, (_, at) => `  - t${at}: { sett: {} }\n`).join("");
    const { findings } = await lintDefinition(withTasks(tasks), ports);
    assert.equal(findings.length, 100);
  });

  it("does not show what it quotes unescaped", async () => {
    const { findings } = await lintDefinition('{"document": 1, "do": [], "a\\u001b[31m\\u202e": 1}', ports);
    assert.ok(findings.some(({ message }) => message.includes("u001b[31m") && !message.includes("\u001b")));
  });

  it("reads in another thread: the caller's goes on meanwhile", async () => {
    let ticks = 0;
    let reading = true;
    const text = withTasks(
      Array.from({ length: 8000 }, (_, at) => `  - t${at}: { set: { x: ${at} } }\n`).join(""),
    );
    const tick = (): void => {
      ticks++;
      if (reading) setImmediate(tick);
    };
    tick();
    const { document, findings } = await examineInThread(text);
    reading = false;
    assert.deepEqual(findings, []);
    assert.ok(document);
    assert.ok(ticks > 100, `the loop turned ${ticks} times while a document of 8,000 tasks was read`);
  });
});
