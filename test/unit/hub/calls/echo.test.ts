import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { temporaryFolders } from "#test/support/folders.js";
import { httpStubs } from "#test/support/http.js";
import { tellRun } from "#test/support/told-run.js";

const canary = 'canary "ö"/+4711';
const issued = "issued-to-the-hub-0815";

/** How an argument may hold a secret, and what the service must have got of it. */
const ways: readonly (readonly [name: string, argument: string, got: string])[] = [
  [
    "basic",
    "endpoint: { uri: ORIGIN, authentication: { basic: { use: login } } }",
    Buffer.from(`ann:${canary}`).toString("base64"),
  ],
  ["digest", "endpoint: { uri: ORIGIN/digest, authentication: { digest: { use: login } } }", 'response="'],
  [
    "bearer",
    "endpoint: { uri: ORIGIN, authentication: { bearer: { token: '${ $secrets.token }' } } }",
    "plain-canary-1234",
  ],
  [
    "oauth",
    "endpoint: { uri: ORIGIN, authentication: { oauth2: { authority: ORIGIN, grant: client_credentials, client: { id: hub, secret: '${ $secrets.login.password }', authentication: client_secret_basic } } } }",
    issued,
  ],
  ["header", "endpoint: { uri: ORIGIN }, headers: { x-key: '${ .token }' }", "plain-canary-1234"],
  ["query", "endpoint: { uri: ORIGIN }, query: { q: '${ .password }' }", "canary"],
  [
    "body",
    "method: post, endpoint: { uri: ORIGIN }, body: { a: { '${ .token }': '${ .password }' } }",
    "canary",
  ],
];

describe("a service that says what it was sent", () => {
  const folder = temporaryFolders();
  const stub = httpStubs();

  it("brings no form of a secret back into a result, an error, the store or the log", async () => {
    const service = await stub((seen) => {
      if (seen.path === "/oauth2/token") return { body: { access_token: issued } };
      if (seen.path.startsWith("/digest") && seen.headers.authorization === undefined)
        return { status: 401, headers: { "www-authenticate": 'Digest realm="r", nonce="n", qop="auth"' } };
      const whole = JSON.stringify(seen);
      const echo = {
        headers: seen.headers,
        seen,
        url: encodeURI(whole),
        encoded: Buffer.from(whole).toString("base64"),
      };
      const status = seen.path.includes("fail") ? 400 : 200;
      return {
        status,
        headers: { "x-echo": encodeURIComponent(seen.headers.authorization ?? "") },
        body: echo,
      };
    });
    const home = await folder();
    const file = join(home, "secrets.yaml");
    await writeFile(file, `login: { username: ann, password: '${canary}' }\ntoken: plain-canary-1234\n`, {
      mode: 0o600,
    });
    const tasks = ways.flatMap(([name, argument]) =>
      ["content", "response", "raw", "fail"].map((output) => {
        const given = argument
          .replaceAll("ORIGIN", service.origin)
          .replace(/(uri: [^,} ]+)/, output === "fail" ? "$1/fail" : "$1");
        const method = argument.startsWith("method") ? "" : "method: get, ";
        const input = "{ from: { token: '${ $secrets.token }', password: '${ $secrets.login.password }' } }";
        const call = `{ input: ${input}, call: http, with: { ${method}${given}, output: ${output === "fail" ? "content" : output} } }`;
        return `  - ${name}_${output}:\n      try: [ { do_it: ${call} } ]\n      catch: { as: problem, do: [ { kept: { set: { problem: '\${ $problem }' } } } ] }\n`;
      }),
    );
    const text = `document: { dsl: "1.0.3", namespace: test, name: echo, version: "1.0.0" }\nuse: { secrets: [login, token] }\ndo:\n${tasks.join("")}`;
    const run = await tellRun({ dir: await folder(), secrets: file, workflow: text, input: {} });
    assert.equal(run.state, "completed", run.errorText);
    const got = JSON.stringify(service.seen);
    for (const [name, , sent] of ways) assert.ok(got.includes(sent.replaceAll('"', '\\"')), name);
    const { everything } = run;
    // What a reader could decode, decoded.
    const decoded = [...everything.matchAll(/[A-Za-z0-9+/_-]{12,}/g)].flatMap(([run]) =>
      [0, 1, 2, 3].map((skip) => Buffer.from(run.slice(skip), "base64").toString("latin1")),
    );
    const readable = `${everything}\n${decoded.join("\n")}`;
    assert.ok(readable.includes("[secret]") && readable.includes("_secret."));
    const responses = service.seen.flatMap(
      ({ headers }) => /response="([^"]+)"/.exec(headers.authorization ?? "")?.[1] ?? [],
    );
    assert.ok(responses.length > 0);
    for (const secret of ["canary", "4711", issued, ...responses])
      assert.ok(
        !readable.includes(secret),
        `${secret}: ${readable.slice(readable.indexOf(secret) - 80, readable.indexOf(secret) + 40)}`,
      );
  });
});
