import assert from "node:assert/strict";
import { fillSecrets, placeholder, secretShape } from "#hub/workflow/interpreter/secrets.js";
import type { Json } from "#kernel/json.js";
import { DrivenRun } from "#test/support/driven-run.js";

let run: DrivenRun;
const start = async (...args: Parameters<typeof DrivenRun.start>): Promise<DrivenRun> =>
  (run = await DrivenRun.start(...args));
const http = (argument: string, more = ""): string =>
  `${more}\ndo: [ { t: { call: http, with: { method: get, ${argument} } } } ]`;
const nonce = "0f8b2c";
const secrets: Readonly<Record<string, Json>> = {
  key: secretShape("key", "", nonce),
  login: secretShape("login", { username: "", password: "" }, nonce),
  other: secretShape("other", "", nonce),
};
const use = "use: { secrets: [ key, login, absent ], authentications: { mine: { basic: { use: login } } } }";

describe("the interpreter: calls", () => {
  afterEach(() => run.replay());

  it("expands URI templates with the input's values, and answers expressions", async () => {
    const argument = async (endpoint: string, input: Json): Promise<Json> => {
      await start(
        http(`endpoint: ${endpoint}, query: { q: '\${ .a }' }, body: { list: [ '\${ .b }', 1 ] }`),
        input,
      );
      return run.call.argument;
    };
    const input = { a: "x y/ü'", b: { c: 1 }, n: 5, yes: true, none: null, "d.e": "dotted" };
    assert.deepEqual(await argument("'https://h/{a}?n={n}&y={yes}&o={none}&m={missing}&d={d.e}'", input), {
      method: "get",
      endpoint: "https://h/x%20y%2F%C3%BC%27?n=5&y=true&o=&m=&d=dotted",
      query: { q: "x y/ü'" },
      body: { list: [{ c: 1 }, 1] },
    });
    assert.deepEqual(
      ((await argument("'${ \"https://h/\" + .a }'", { a: "{n}" })) as { endpoint: Json }).endpoint,
      "https://h/{n}",
    );
    assert.deepEqual(((await argument("{ uri: 'https://h/{n}' }", input)) as { endpoint: Json }).endpoint, {
      uri: "https://h/5",
    });
    await start(http("endpoint: 'https://h/{b}'"), input);
    assert.match(run.error?.type ?? "", /expression$/);
  });

  it("openapi, grpc and mcp have their endpoints elsewhere", async () => {
    await start(
      "do: [ { t: { call: openapi, with: { document: { endpoint: 'https://h/{v}' }, operationId: get, parameters: { p: '${ .v }' } } } } ]",
      { v: 2 },
    );
    assert.deepEqual(run.call.argument, {
      document: { endpoint: "https://h/2" },
      operationId: "get",
      parameters: { p: 2 },
    });
    await start(
      "do: [ { t: { call: mcp, with: { method: tools/list, transport: { http: { endpoint: 'https://h/{v}' } } } } } ]",
      { v: 2 },
    );
    assert.deepEqual(run.call.argument, {
      method: "tools/list",
      transport: { http: { endpoint: "https://h/2" } },
    });
  });

  it("starts another workflow; without waiting for its end the output is the input", async () => {
    const text = (more: string): string =>
      `do: [ { t: { run: { workflow: { namespace: n, name: w, version: 1.0.0, input: { a: '\${ .a }' } }${more} } } } ]`;
    await start(text(""), { a: 1 });
    const workflow = { namespace: "n", name: "w", version: "1.0.0" };
    assert.deepEqual(
      [run.call.call, run.call.argument],
      ["run.workflow", { workflow, input: { a: 1 }, await: true }],
    );
    await run.complete("result");
    assert.equal(run.output, "result");
    await start(text(", await: false"), { a: 1 });
    await run.complete("id");
    assert.deepEqual(run.output, { a: 1 });
    await start(text(", return: none"), { a: 1 });
    await run.complete("result");
    assert.equal(run.output, null);
  });

  it("resolves authentications; their texts and those of secrets are placeholders", async () => {
    await start(http("endpoint: { uri: 'https://h', authentication: { use: mine } }", use), {}, secrets);
    assert.deepEqual(run.call.argument, {
      method: "get",
      endpoint: {
        uri: "https://h",
        authentication: {
          basic: {
            username: placeholder(["login", "username"], nonce),
            password: placeholder(["login", "password"], nonce),
          },
        },
      },
    });
    await start(
      http(
        "endpoint: { uri: 'https://h', authentication: { bearer: { token: '${ \"x\" + $secrets.key }' } } }",
        use,
      ),
      {},
      secrets,
    );
    const filled = fillSecrets(run.call.argument, secrets, (path) =>
      path.join() === "key" ? "SECRET" : undefined,
    );
    assert.deepEqual(filled, {
      method: "get",
      endpoint: { uri: "https://h", authentication: { bearer: { token: "xSECRET" } } },
    });
  });

  it("a secret that is not declared, or that the hub does not have, is an error of authorization", async () => {
    for (const [argument, secretly] of [
      ["endpoint: { uri: 'https://h', authentication: { bearer: { token: '${ $secrets.other }' } } }", true],
      [
        "endpoint: { uri: 'https://h', authentication: { bearer: { token: '${ $secrets[\"absent\"] }' } } }",
        true,
      ],
      ["endpoint: { uri: 'https://h', authentication: { bearer: { use: other } } }", true],
      ["endpoint: { uri: 'https://h', authentication: { use: unknown } }", false],
    ] as const) {
      await start(http(argument, use), {}, secrets);
      assert.match(run.error?.type ?? "", secretly ? /authorization$/ : /configuration$/, argument);
    }
  });

  it("secrets can come in by input.from, and survive templates; elsewhere they are not there", async () => {
    await start(
      `${use}
do: [ { t: { input: { from: { k: '\${ $secrets.key }' } }, call: http, with: { method: get, endpoint: 'https://h/{k}' } } } ]`,
      {},
      secrets,
    );
    assert.deepEqual(
      fillSecrets(run.call.argument, secrets, () => "S"),
      { method: "get", endpoint: "https://h/S" },
    );
    await start(http("endpoint: 'https://h', body: '${ $secrets.key }'", use), {}, secrets);
    assert.match(run.error?.type ?? "", /expression$/);
  });

  it("a text that only looks like a placeholder stays what it is", () => {
    const lookup = (): string => "SECRET";
    for (const text of [
      placeholder(["key"], "guessed"),
      placeholder(["unknown"], nonce),
      "_secret.a.b.secret_",
    ]) {
      assert.equal(fillSecrets(text, secrets, lookup), text);
    }
    assert.equal(
      fillSecrets(placeholder(["key"], nonce), { other: secrets["other"] ?? null }, lookup),
      placeholder(["key"], nonce),
    );
    assert.match(placeholder(["a b", "ü"], nonce), /^[A-Za-z0-9._~-]+$/);
  });
});

describe("the interpreter: extensions", () => {
  afterEach(() => run.replay());

  it("run around each task of their kind, the first one outermost, and not around their own", async () => {
    await start(`
      use:
        extensions:
          - outer:
              extend: set
              before: [ { b1: { emit: { event: { with: { type: b1, data: '\${ $task.name }' } } } } } ]
              after: [ { a1: { emit: { event: { with: { type: a1, data: '\${ $task.output }' } } } } }, { s: { set: { x: 1 } } } ]
          - inner:
              extend: all
              when: $task.name == "two"
              before: [ { b2: { emit: { event: { with: { type: b2, data: '\${ . }' } } } } } ]
              after: [ { a2: { emit: { event: { with: { type: a2, data: '\${ . }' } } } } } ]
      do:
        - one: { set: { n: 1 } }
        - two: { set: { n: 2 }, output: { as: .n } }`);
    assert.equal(run.output, 2);
    assert.deepEqual(
      run.published.map(({ type, data }) => [type, data]),
      [
        ["b1", "one"],
        ["a1", { n: 1 }],
        ["b1", "two"],
        ["b2", { n: 1 }],
        ["a2", 2],
        ["a1", { n: 2 }],
      ],
    );
  });

  it("one that exits takes the place of the task", async () => {
    await start(`
      use:
        extensions:
          - mock:
              extend: call
              when: $task.definition.with.endpoint == "https://mocked"
              before: [ { instead: { set: { content: 5 }, then: exit } } ]
              after: [ { never: { raise: { error: { type: 'https://example.org/a', status: 400 } } } } ]
      do:
        - ask: { call: http, with: { method: get, endpoint: 'https://mocked' }, output: { as: .content } }`);
    assert.deepEqual([run.status, run.output, run.effects.size], ["completed", 5, 0]);
  });

  it("what fails in an extension fails the task", async () => {
    await start(`
      use:
        extensions:
          - check: { extend: set, before: [ { deny: { raise: { error: { type: 'https://example.org/no', status: 403 } } } } ] }
      do:
        - attempt:
            try: [ { one: { set: { n: 1 } } } ]
            catch: { do: [ { note: { wait: PT1S } } ], as: e }`);
    await run.pass(1000);
    assert.deepEqual(run.names("failed"), ["deny", "one"]);
    assert.equal(run.status, "completed");
  });

  it("calls of an extension are waited for", async () => {
    await start(`
      use: { extensions: [ { check: { extend: wait, before: [ { ask: { call: 'may:1.0.0@default' } } ] } } ] }
      do: [ { nap: { wait: PT1S } } ]`);
    assert.equal(run.timers.size, 0);
    await run.complete("yes");
    await run.pass(1000);
    assert.equal(run.status, "completed");
  });
});
