import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { ComityError } from "#kernel/errors.js";
import { temporaryFolders } from "#test/support/folders.js";
import { readPage, rowsOf } from "#test/support/pages.js";
import { parseFeature, readFeatures } from "./feature.js";
import { parseMap } from "./hosts.js";
import { startStub } from "./stub.js";
import { vocabulary } from "./vocabulary.js";

const set = (template: string): string => `    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: default, name: one, version: '1.0.0' }
      do:
        - one:
            set: ${template}
      """`;

/** The other mark around a doc string that Gherkin knows. */
const fence = "```";

const good = `Feature: good
  Scenario: it gives what it is given
${set("{ a: 1, b: { c: [ 1, 2 ] } }")}
    When The Workflow is executed
    Then the workflow should complete
    And the workflow output should have properties 'a', 'b.c'
    And the workflow output should have a 'b.c' property containing 2 items
    And one should run first
    And one should complete with output:
      """json
      { "b": { "c": [1, 2] }, "a": 1 }
      """
`;

const bad = `Feature: bad
  Scenario: another output
${set("{ a: 1 }")}
    When the workflow is executed
    Then the workflow should complete with output:
      """
      a: 2
      """

  Scenario: a fault that does not come
${set("{ a: 1 }")}
    When the workflow is executed
    Then the workflow should fault

  Scenario: a property that is not there
${set("{ a: 1 }")}
    When the workflow is executed
    Then the workflow output should have properties 'a', 'b'

  Scenario: another order
${set("{ a: 1 }")}
    When the workflow is executed
    Then two should run last

  Scenario: no such step
${set("{ a: 1 }")}
    When the workflow are executed

  Scenario: nothing is executed
${set("{ a: 1 }")}
    Then the workflow should complete
`;

describe("the conformance runner", () => {
  const folder = temporaryFolders();

  interface Row {
    readonly name: string;
    readonly passed: boolean;
    readonly reason?: string;
  }

  async function run(
    files: Readonly<Record<string, string>>,
    ...options: string[]
  ): Promise<{ code: number; out: string; err: string; rows: () => readonly Row[] }> {
    const dir = await folder();
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
    const args = ["dist/test/conformance/main.js", dir, ...options];
    return new Promise((resolve) => {
      execFile(process.execPath, args, (error, out, err) => {
        const rows = () => (JSON.parse(out) as { scenarios: Row[] }).scenarios;
        resolve({ code: error === null ? 0 : Number(error.code), out, err, rows });
      });
    });
  }

  it("says which scenarios have passed, and ends with 0 when all have", async () => {
    const { code, out } = await run({ "good.feature": good });
    assert.equal(code, 0, out);
    assert.match(out, /passed {2}good\.feature:2 {2}it gives what it is given/);
    assert.match(out, /1 scenario in 1 file: 1 passed, 0 failed/);
  });

  it("gives the reason of every failure, and ends with 1", async () => {
    const { code, rows } = await run({ "bad.feature": bad, "good.feature": good }, "--json");
    assert.equal(code, 1);
    const reasons = rows().map(({ name, passed, reason }) => [name, passed, reason ?? ""]);
    assert.deepEqual(reasons, [
      ["another output", false, 'The output is {"a":1}, not {"a":2}.'],
      ["a fault that does not come", false, 'The workflow has completed with {"a":1}'],
      ["a property that is not there", false, 'The output has no b: {"a":1}'],
      ["another order", false, "two has not begun."],
      ["no such step", false, "There is no such step. Did you mean `the workflow is executed`?"],
      ["nothing is executed", false, "No step before this one executes the workflow."],
      ["it gives what it is given", true, ""],
    ]);
  });

  it("reads steps however they are spaced, and paths to any key", async () => {
    const feature = `Feature: words
  Scenario: as people write
${set("{ 'a.b': [ { c: -0 } ], d: '${ .d }' }")}
    * given  the workflow input is:
      ${fence}yaml
      d: &d [ 1 ]
      ${fence}
    And when the  workflow is executed
    Then then the workflow should complete:
    And the workflow  output should have properties '["a.b"][0].c' and "$.d[0]"
    And the workflow output should have a '["a.b"].0.c' property with  value
      ${fence}json
      0
      ${fence}
`;
    const { code, out } = await run({ "words.feature": feature }, "--stub=pets.example.org");
    assert.equal(code, 0, out);
  });

  it("says what is wrong with a doc string, and with keywords in lower case", async () => {
    const feature = `Feature: words
  Scenario: too many aliases
${set("{ a: 1 }")}
    And the workflow input is:
      """
      a: &a [${"x, ".repeat(50)}]
      b: &b [${"*a, ".repeat(50)}]
      c: &c [${"*b, ".repeat(50)}]
      """
  Scenario: no anchor
    Given the workflow input is:
      """
      a: *b
      """
  Scenario: no capital
    given the workflow is executed
`;
    const { code, rows } = await run({ "words.feature": feature }, "--json");
    assert.equal(code, 1);
    const reasons = rows().map(({ reason = "" }) => reason);
    assert.equal(reasons.length, 3);
    for (const reason of reasons.slice(0, 2)) assert.match(reason, /^The doc string is not YAML: .*alias/i);
    assert.match(reasons[2] ?? "", /have a capital: `Given`/);
  });

  it("counts a file that is no Gherkin as failed, and goes on with the next", async () => {
    const { code, rows } = await run(
      { "a.feature": "Scenario without a feature", "b.feature": good },
      "--json",
    );
    assert.equal(code, 1);
    assert.deepEqual(
      rows().map(({ passed }) => passed),
      [false, true],
    );
  });

  it("refuses wrong use with 2", async () => {
    assert.equal((await run({})).code, 2);
    const map = await run({ "good.feature": good }, "--map", "petstore");
    assert.deepEqual([map.code, /petstore is not HOST=URL/.test(map.err)], [2, true]);
    const option = await run({ "good.feature": good }, "--jsn");
    assert.deepEqual([option.code, /no option --jsn/.test(option.err)], [2, true]);
  });

  it("gives a workflow a version that has none, as some of the kit have not", async () => {
    const bare = good.replace(", version: '1.0.0'", "");
    assert.notEqual(bare, good);
    const { code, out } = await run({ "bare.feature": bare });
    assert.equal(code, 0, out);
  });

  it("sends calls for mapped hosts to a stand-in, those of an OpenAPI document too", async () => {
    await using stub = await startStub();
    const feature = `Feature: calls
  Scenario: a public service
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: default, name: calls, version: '1.0.0' }
      do:
        - ask:
            call: http
            with: { method: get, endpoint: 'https://pets.example.org/v2/pet/{id}' }
        - askAgain:
            call: openapi
            with:
              document: { endpoint: 'https://pets.example.org/v2/swagger.json' }
              operationId: getPetById
              parameters: { petId: "\${ .id + 1 }" }
            output: { as: .name }
      """
    And given the workflow input is:
      """
      id: 4
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """
      pet-5
      """
`;
    const { code, out } = await run(
      { "calls.feature": feature },
      "--map",
      `https://pets.example.org=${stub.url}`,
    );
    assert.equal(code, 0, out);
  });

  it("reads backgrounds, outlines, tags and tables", () => {
    const { scenarios } = parseFeature(
      `@slow
Feature: many
  Background:
    Given a workflow with definition:
      """yaml
      <not a row>
      """
  Scenario Outline: numbers
    Given the workflow input is:
      | n | <n> |
    @one
    Examples:
      | n |
      | 1 |
      | 2 |
`,
      "many.feature",
    );
    assert.deepEqual(
      scenarios.map(({ name, tags, steps, line }) => [name, tags, steps.map((step) => step.table), line]),
      [
        ["numbers", ["@slow", "@one"], [undefined, [["n", "1"]]], 14],
        ["numbers", ["@slow", "@one"], [undefined, [["n", "2"]]], 15],
      ],
    );
  });

  it("has every step, and the number of scenarios, on its page", async () => {
    const page = await readPage("docs/reference/conformance.md");
    const told = rowsOf(page).flatMap(([cell = ""]) => /^`([^`]+)`(?: …)?$/.exec(cell)?.[1] ?? []);
    const options = ["DIR", "--json", "--map HOST=URL", "--stub HOST", "--restart"];
    const forms = vocabulary.map(({ form }) => form);
    assert.deepEqual(told.toSorted(), [...options, ...forms].toSorted());
    const files = await readFeatures("test/conformance/features");
    const count = files.reduce((sum, { scenarios }) => sum + scenarios.length, 0);
    assert.match(page, new RegExp(`brings ${count} scenarios of its own`));
  });

  it("maps hosts with and without their scheme, and leaves others alone", () => {
    const to = parseMap(["https://a.example.org=http://127.0.0.1:1/base", "b.example.org:8443=127.0.0.1:2"]);
    const mapped = ["https://a.example.org/x?y=1", "https://b.example.org:8443/z", "https://b.example.org/z"];
    assert.deepEqual(
      mapped.map((url) => to(new URL(url)).href),
      ["http://127.0.0.1:1/base/x?y=1", "http://127.0.0.1:2/z", "https://b.example.org/z"],
    );
    assert.throws(() => parseMap(["nothing"]), ComityError);
  });
});
