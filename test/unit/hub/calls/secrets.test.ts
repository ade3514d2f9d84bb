import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { temporaryFolders } from "#test/support/folders.js";
import { httpStubs } from "#test/support/http.js";
import { tellRun } from "#test/support/told-run.js";

const workflow = `
document: { dsl: "1.0.3", namespace: test, name: secrets, version: "1.0.0" }
use:
  secrets: [login, api, odd]
  authentications:
    byName: { basic: { use: login } }
do:
  - named:
      call: http
      with: { method: get, output: response, endpoint: { uri: "\${ $workflow.input.origin + \\"/ok\\" }", authentication: { use: byName } } }
  - refused:
      try:
        - asked:
            call: http
            with:
              method: post
              body: { a: 1 }
              endpoint: { uri: "\${ $workflow.input.origin + \\"/no\\" }", authentication: { bearer: { token: "\${ $secrets.api.token }" } } }
      catch: { as: problem, do: [{ kept: { set: { problem: "\${ $problem }" } } }] }
  - byHeader:
      input: { from: { origin: "\${ $workflow.input.origin }", key: "\${ $secrets.api.token }", odd: "\${ $secrets.odd }" } }
      call: http
      with:
        method: get
        output: response
        headers: { x-key: "\${ .key }" }
        endpoint: "\${ .origin + \\"/ok/\\" + .odd }"
  - unreachable:
      call: http
      with: { method: get, endpoint: { uri: "http://127.0.0.1:1/", authentication: { digest: { use: login } } } }
`;

describe("secrets in a run", () => {
  const folder = temporaryFolders();
  const stub = httpStubs();

  it("reach the service, and neither the journal nor the store nor the log", async () => {
    const service = await stub(({ path, headers }) =>
      path.startsWith("/ok")
        ? { body: { key: headers["x-key"] ?? "" } }
        : { status: 403, body: { message: `bad ${headers.authorization ?? ""}` } },
    );
    const home = await folder();
    const file = join(home, "secrets.yaml");
    await writeFile(
      file,
      "login: { username: ann, password: pa55word }\napi: { token: t0k3n-of-api }\nodd: o dd/ü\n",
      {
        mode: 0o600,
      },
    );
    const input = { origin: service.origin };
    const run = await tellRun({ dir: await folder(), secrets: file, workflow, input });
    assert.equal(run.state, "failed");
    assert.match(run.errorText, /could not be reached/);
    assert.deepEqual(
      service.seen.map(({ headers }) => headers.authorization),
      [`Basic ${Buffer.from("ann:pa55word").toString("base64")}`, "Bearer t0k3n-of-api", undefined],
    );
    const { path, headers } = service.seen[2] ?? {};
    assert.deepEqual([path, headers?.["x-key"]], ["/ok/o%20dd/%C3%BC", "t0k3n-of-api"]);
    const { everything, files } = run;
    assert.ok(files.some((name) => name.startsWith("engine.db")));
    assert.ok(everything.includes("403 Forbidden") && everything.includes("bad Bearer [secret]"));
    for (const secret of [
      "pa55word",
      "t0k3n-of-api",
      "o dd/ü",
      "o%20dd/%C3%BC",
      Buffer.from("ann:pa55word").toString("base64"),
    ])
      assert.ok(!everything.includes(secret), secret);
  });
});
