import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { Finding } from "#hub/workflow/definition/finding.js";
import { lintDefinition } from "#hub/workflow/definition/lint.js";
import { lintPorts, withTasks } from "./ports.js";

/** A mistake: what is found, words of its message, and a document in which ▮ stands before the place. */
type Mistake = readonly [code: string, words: string, document: string];

const set = "  - one: { set: { x: 1 } }\n";
const head = "document: { dsl: '1.0.3', namespace: tests, name: one, version: 1.0.0 }\n";
const use = (part: string): string => withTasks(set, `use:\n${part}`);

const mistakes: readonly Mistake[] = [
  // Keys
  ["unknown-key", 'did you mean "timeout"?', `${head}▮timeouts: { after: PT1M }\ndo:\n${set}`],
  [
    "unknown-key",
    'did you mean "version"?',
    `document:\n  dsl: '1.0.3'\n  namespace: a\n  name: b\n  ▮vrsion: 1.0.0\ndo:\n${set}`,
  ],
  ["unknown-key", 'did you mean "retries"?', use("  ▮retires: {}\n")],
  [
    "unknown-key",
    'did you mean "call"?',
    withTasks("  - a:\n      ▮cal: http\n      with: { method: get, endpoint: http://a.example/ }\n"),
  ],
  ["unknown-key", 'did you mean "switch"?', withTasks("  - a: { ▮swich: [] }\n")],
  ["unknown-key", 'did you mean "output"?', withTasks("  - a: { set: { x: 1 }, ▮outptu: { as: . } }\n")],
  [
    "unknown-key",
    'did you mean "endpoint"?',
    withTasks(
      "  - a:\n      call: http\n      with:\n        method: get\n        ▮endpont: http://a.example/\n",
    ),
  ],
  ["unknown-key", 'did you mean "branches"?', withTasks("  - a: { fork: { ▮branchs: [] } }\n")],
  [
    "unknown-key",
    "backoff has no key",
    use("  retries:\n    r: { limit: { duration: PT1M }, backoff: { ▮quadratic: {} } }\n"),
  ],
  [
    "unknown-key",
    'did you mean "exceptWhen"?',
    withTasks("  - a: { try: [{ b: { set: { x: 1 } } }], catch: { ▮exceptwhen: .x } }\n"),
  ],
  ["missing-key", 'needs the key "document"', `▮do:\n${set}`],
  ["missing-key", 'needs the key "do"', `▮${head}`],
  ["missing-key", 'needs the key "catch"', withTasks("  - a: ▮{ try: [{ b: { set: { x: 1 } } }] }\n")],
  ["missing-key", 'needs the key "do"', withTasks("  - a: ▮{ for: { in: .items } }\n")],
  ["missing-key", 'needs the key "with"', withTasks("  - a: ▮{ call: http }\n")],
  ["missing-key", "needs a keyword", withTasks("  - a: ▮{ then: end }\n")],
  ["missing-key", 'needs the key "type"', withTasks("  - a: { emit: { event: { with: ▮{ data: {} } } } }\n")],
  ["missing-key", "one of the keys", withTasks("  - a: { listen: { to: ▮{} } }\n")],
  [
    "too-many-keys",
    "one keyword; this has call and set",
    withTasks("  - a: ▮{ set: { x: 1 }, call: http }\n"),
  ],
  ["too-many-keys", 'this has "a" and "call"', withTasks("  - ▮a:\n    call: http\n")],
  [
    "too-many-keys",
    "only one of them",
    use("  authentications:\n    a: ▮{ basic: { use: s }, bearer: { use: s } }\n  secrets: [ s ]\n"),
  ],
  // Values
  ["wrong-type", "must be a list", withTasks("  - a: { do: ▮{ b: { set: { x: 1 } } } }\n")],
  ["wrong-type", "must be an object, and is nothing", withTasks("  - ▮a:\n")],
  ["wrong-type", "Give it a unit", withTasks("  - a: { wait: ▮30 }\n")],
  [
    "wrong-type",
    "true or false",
    withTasks("  - a: { fork: { compete: ▮maybe, branches: [{ b: { set: { x: 1 } } }] } }\n"),
  ],
  ["wrong-value", "ISO 8601", withTasks("  - a: { wait: ▮5 minutes }\n")],
  ["wrong-value", "whole number from 0", withTasks("  - a: { wait: { minutes: ▮-1 } }\n")],
  ["wrong-value", "must not be empty", `${head}do: ▮[]\n`],
  [
    "wrong-value",
    'did you mean "content"?',
    withTasks("  - a: { call: http, with: { method: get, endpoint: http://a.example/, output: ▮contnt } }\n"),
  ],
  ["wrong-value", "1.0.3", `document: { dsl: ▮'0.8', namespace: a, name: b, version: 1.0.0 }\ndo:\n${set}`],
  [
    "wrong-value",
    "semantic version",
    `document: { dsl: '1.0.3', namespace: a, name: b, version: ▮'1.0' }\ndo:\n${set}`,
  ],
  [
    "wrong-value",
    "from 100 to 599",
    withTasks("  - a: { raise: { error: { type: https://e.example/x, status: ▮42 } } }\n"),
  ],
  [
    "wrong-value",
    "with its scheme",
    withTasks("  - a: { call: http, with: { method: get, endpoint: ▮a.example } }\n"),
  ],
  ["wrong-value", "whole number from 1", use("  retries: { r: { limit: { attempt: { count: ▮0 } } } }\n")],
  ["name-reserved", "cannot be called", withTasks("  - ▮end: { set: { x: 1 } }\n")],
  // Names and jumps
  [
    "jump-nowhere",
    'did you mean "two"?',
    withTasks("  - one: { set: { x: 1 }, then: ▮twoo }\n  - two: { set: { x: 2 } }\n"),
  ],
  [
    "jump-nowhere",
    "no task to go to",
    withTasks("  - one: { do: [{ two: { set: { x: 1 }, then: ▮one } }] }\n"),
  ],
  ["jump-nowhere", "no task to go to", withTasks("  - s: { switch: [{ c: { then: ▮gone } }] }\n")],
  [
    "jump-nowhere",
    "no task to go to",
    withTasks(
      "  - f: { fork: { branches: [{ a: { set: { x: 1 }, then: ▮b } }, { b: { set: { x: 1 } } }] } }\n",
    ),
  ],
  ["duplicate-name", "two tasks", withTasks("  - one: { set: { x: 1 } }\n  - ▮one: { set: { x: 2 } }\n")],
  [
    "duplicate-name",
    "two cases",
    withTasks("  - s: { switch: [{ c: { when: .x, then: end } }, { ▮c: { when: .y, then: end } }] }\n"),
  ],
  [
    "two-defaults",
    "two cases",
    withTasks("  - s: { switch: [{ a: { then: end } }, { ▮b: { then: continue } }] }\n"),
  ],
  [
    "unreachable",
    "No way leads",
    withTasks(
      "  - one: { set: { x: 1 }, then: end }\n  - ▮two: { set: { x: 2 } }\n  - three: { set: { x: 3 } }\n",
    ),
  ],
  [
    "unreachable",
    "No way leads",
    withTasks(
      "  - one: { raise: { error: { type: https://e.example/x, status: 400 } } }\n  - ▮two: { set: { x: 2 } }\n",
    ),
  ],
  [
    "unreachable",
    "No way leads",
    withTasks(
      "  - one: { do: [{ in: { raise: { error: { type: https://e.example/x, status: 400 } } } }] }\n  - ▮two: { set: { x: 2 } }\n",
    ),
  ],
  [
    "unreachable",
    "No way leads",
    withTasks(
      "  - one: { set: { x: 1 }, then: three }\n  - ▮two: { set: { x: 2 } }\n  - three: { set: { x: 3 } }\n",
    ),
  ],
  [
    "endless",
    "no way leads out",
    withTasks("  - ▮one: { set: { x: 1 } }\n  - two: { set: { x: 2 }, then: one }\n"),
  ],
  // References
  [
    "undefined-retry",
    'did you mean "often"?',
    withTasks(
      "  - a: { try: [{ b: { set: { x: 1 } } }], catch: { retry: ▮oftn } }\n",
      "use: { retries: { often: { limit: { attempt: { count: 2 } } } } }\n",
    ),
  ],
  ["undefined-timeout", "use.timeouts", withTasks("  - a: { set: { x: 1 }, timeout: ▮short }\n")],
  ["undefined-timeout", "use.timeouts", `${head}timeout: ▮short\ndo:\n${set}`],
  ["undefined-error", "use.errors", withTasks("  - a: { raise: { error: ▮lost } }\n")],
  [
    "undefined-authentication",
    "use.authentications",
    withTasks(
      "  - a: { call: http, with: { method: get, endpoint: { uri: http://a.example/, authentication: { use: ▮me } } } }\n",
    ),
  ],
  [
    "undefined-secret",
    "use.secrets",
    withTasks(
      "  - a: { call: http, with: { method: get, endpoint: { uri: http://a.example/, authentication: { bearer: { use: ▮key } } } } }\n",
    ),
  ],
  [
    "undefined-secret",
    'did you mean "token"?',
    withTasks(
      '  - a: { input: { from: ▮"${ { t: $secrets.tokn } }" }, set: { x: 1 } }\n',
      "use: { secrets: [ token ] }\n",
    ),
  ],
  [
    "secret-misplaced",
    "input.from",
    withTasks('  - a: { set: { x: ▮"${ $secrets.token }" } }\n', "use: { secrets: [ token ] }\n"),
  ],
  [
    "undefined-function",
    'did you mean "greet"?',
    withTasks("  - a: { call: ▮gret }\n", "use: { functions: { greet: { set: { x: 1 } } } }\n"),
  ],
  [
    "undefined-function",
    'did you mean "fed.average:1.0.0@default"?',
    withTasks("  - a: { call: ▮fed.averge:1.0.0@default, with: { rounds: 1 } }\n"),
  ],
  [
    "undefined-function",
    "no version 2.0.0",
    withTasks("  - a: { call: ▮fed.average:2.0.0@default, with: { rounds: 1 } }\n"),
  ],
  [
    "undefined-catalog",
    "use.catalogs",
    withTasks("  - a: { call: ▮fed.average:1.0.0@elsewhere, with: { rounds: 1 } }\n"),
  ],
  [
    "undefined-catalog",
    "does not say its catalog",
    withTasks("  - a: { call: ▮fed.average:1.0.0, with: { rounds: 1 } }\n"),
  ],
  [
    "version-not-pinned",
    "one exact version",
    withTasks("  - a: { call: ▮fed.average:latest@default, with: { rounds: 1 } }\n"),
  ],
  [
    "version-not-pinned",
    "one exact version",
    withTasks("  - a: { call: ▮fed.average, with: { rounds: 1 } }\n"),
  ],
  [
    "version-not-pinned",
    "one exact version",
    withTasks("  - a: { run: { workflow: { namespace: n, name: w, version: ▮latest } } }\n"),
  ],
  [
    "recursive",
    "calls itself",
    use("  functions:\n    ▮f: { do: [{ g: { call: h } }] }\n    h: { call: f }\n"),
  ],
  // Arguments of functions
  [
    "unknown-key",
    'did you mean "rounds"?',
    withTasks("  - a: { call: fed.average:1.0.0@default, with: { rounds: 1, ▮round: 2 } }\n"),
  ],
  [
    "argument-invalid",
    "rounds is missing",
    withTasks("  - a: { call: fed.average:1.0.0@default, with: ▮{ local: {} } }\n"),
  ],
  [
    "argument-invalid",
    "local.kind must be one of a, b",
    withTasks(
      '  - a: { call: fed.average:1.0.0@default, with: { rounds: "${ .r }", local: { kind: ▮c } } }\n',
    ),
  ],
  [
    "argument-invalid",
    "too many rounds",
    withTasks("  - a: { call: fed.average:1.0.0@default, with: ▮{ rounds: 1000 } }\n"),
  ],
  // Expressions
  ["jq-invalid", "jq", withTasks('  - a: { set: { x: ▮"${ .a | }" } }\n')],
  ["jq-invalid", "jq", withTasks("  - a: { set: { x: 1 }, if: ▮.a ==  }\n")],
  ["jq-invalid", "jq", withTasks('  - a: { set: { x: ▮"${ .a } and ${ .b }" } }\n')],
  ["undefined-variable", 'did you mean "$context"?', withTasks('  - a: { set: { x: ▮"${ $contxt.a }" } }\n')],
  [
    "undefined-variable",
    "$item",
    withTasks('  - a: { for: { in: .l, each: one }, do: [{ b: { set: { x: ▮"${ $item }" } } }] }\n'),
  ],
  [
    "undefined-variable",
    "$error",
    withTasks(
      '  - a: { try: [{ b: { set: { x: 1 } } }], catch: { as: e, do: [{ c: { set: { x: ▮"${ $error }" } } }] } }\n',
    ),
  ],
  ["undefined-variable", "$output", withTasks('  - a: { set: { x: ▮"${ $output }" } }\n')],
  ["expression-in-text", "in the middle", withTasks('  - a: { set: { x: ▮"Hello ${ .name }!" } }\n')],
  [
    "expression-nested",
    `data: '\${ .a.b[1]["c d"] == … }'`,
    withTasks(
      '  - a: { listen: { to: { one: { with: { type: t, data: { n: 1, a: { b: [2, { c d: ▮"${ .x }" }] } } } } } } }\n',
    ),
  ],
  [
    "expression-nested",
    'data: "${ .[0] == … }"',
    `${head}schedule: { on: { one: { with: { data: [▮"\${ .x }"] } } } }\ndo:\n${set}`,
  ],
  [
    "expression-in-text",
    "in the middle",
    withTasks('  - a: { listen: { to: { one: { with: { type: t, data: { n: ▮"no ${ .x }" } } } } } }\n'),
  ],
  [
    "expression-in-text",
    'the text "Hello\\n${ .name }\\n"',
    withTasks("  - a:\n      set:\n        x: ▮|\n          Hello\n          ${ .name }\n"),
  ],
  [
    "yaml-syntax",
    "stands in quotes",
    withTasks("  - a:\n      set: { x: 1 }\n      export:\n        as: ▮$context + { x: .x }\n"),
  ],
  ["expression-missing", "${ … }", withTasks("  - a: { set: ▮.x }\n")],
  // CEL, cron, and what is not supported
  [
    "cel-invalid",
    "CEL",
    withTasks(
      "  - a: { call: fed.average:1.0.0@default, with: { rounds: 1, at: { where: ▮'site.online &&' } } }\n",
    ),
  ],
  [
    "cel-invalid",
    'did you mean "site"?',
    withTasks(
      "  - a: { call: fed.average:1.0.0@default, with: { rounds: 1, at: { score: ▮'1.0 / sit.cost' } } }\n",
    ),
  ],
  ["cron-invalid", "5 fields", `${head}schedule: { cron: ▮'0 0 * *' }\ndo:\n${set}`],
  ["cron-invalid", "from 0 to 59", `${head}schedule: { cron: ▮'61 0 * * *' }\ndo:\n${set}`],
  [
    "unsupported",
    "until sites can approve programs",
    withTasks("  - a: { run: { ▮shell: { command: ls } } }\n"),
  ],
  [
    "unsupported",
    "until sites can approve programs",
    withTasks("  - a: { run: { ▮script: { language: js, code: '1' } } }\n"),
  ],
  ["unsupported", "AsyncAPI", withTasks("  - a: { call: ▮asyncapi, with: {} }\n")],
  ["unsupported", "A2A", withTasks("  - a: { call: ▮a2a, with: { method: tasks/list } }\n")],
  [
    "unsupported",
    "starts no programs",
    withTasks("  - a: { call: mcp, with: { method: tools/list, transport: { ▮stdio: { command: x } } } }\n"),
  ],
  ["unsupported", "an address is not fetched", withTasks("  - a: { call: ▮'https://f.example/f.yaml' }\n")],
  ["unsupported", "jq", `${head}evaluate: { language: ▮javascript }\ndo:\n${set}`],
  ["retry-unlimited", "no limit", use("  retries:\n    r: ▮{ delay: PT1S }\n")],
  [
    "attribute-unknown",
    'did you mean "source"?',
    withTasks("  - a: { emit: { event: { with: { type: a.b, ▮sorce: x } } } }\n"),
  ],
];

describe("mistakes in workflows", () => {
  const ports = lintPorts();
  after(() => ports.close());
  // The thread starts with the first document.
  before(() => lintDefinition("", ports));

  for (const [code, words, marked] of mistakes) {
    const line = marked.split("\n").find((text) => text.includes("▮")) ?? "";
    it(`${code}: ${line.trim().slice(0, 90)}`, async () => {
      const offset = marked.indexOf("▮");
      const above = marked.slice(0, offset).split("\n");
      const { findings, definition } = await lintDefinition(marked.replace("▮", ""), ports);
      assert.deepEqual(
        findings.map((finding: Finding) => [finding.code, finding.line, finding.column]),
        [[code, above.length, (above.at(-1)?.length ?? 0) + 1]],
        JSON.stringify(findings, undefined, 1),
      );
      const [finding] = findings;
      assert.ok(
        `${finding?.message} ${finding?.hint}`.includes(words),
        `${finding?.message} ${finding?.hint}`,
      );
      assert.equal(definition === undefined, finding?.severity === "error");
    });
  }
});
