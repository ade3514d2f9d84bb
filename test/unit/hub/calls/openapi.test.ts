import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { stringify } from "yaml";
import type { Json } from "#kernel/json.js";
import { httpStubs, type StubAnswer } from "#test/support/http.js";
import { caller, failureOf } from "./caller.js";

const parameter = (name: string, more: object = {}) => ({ name, in: "query", schema: {}, ...more });

const version3 = {
  openapi: "3.1.0",
  info: { title: "Pets", version: "1" },
  servers: [{ url: "/{base}/", variables: { base: { default: "v3" } } }],
  paths: {
    "/pets/{id}/{kind}": {
      parameters: [
        { name: "id", in: "path", required: true, schema: {} },
        parameter("limit", { explode: false }),
      ],
      get: {
        operationId: "findPets",
        parameters: [
          { $ref: "#/components/parameters/kind" },
          parameter("limit", { explode: true }),
          parameter("tags", { style: "pipeDelimited", explode: false }),
          parameter("box", { style: "deepObject" }),
          parameter("loose"),
          parameter("filter", { content: { "application/json": {} } }),
          { name: "X-Trace", in: "header", schema: {} },
          { name: "Accept", in: "header", schema: {} },
          { name: "session", in: "cookie", schema: {} },
        ],
        responses: { 200: { content: { "application/json": {} } } },
      },
      put: {
        operationId: "putPet",
        parameters: [{ $ref: "#/components/parameters/kind" }],
        requestBody: { required: true, content: { "text/xml": {}, "application/vnd.pet+json": {} } },
      },
      patch: { operationId: "elsewhere", parameters: [{ $ref: "other.yaml#/x" }] },
      post: { operationId: "ring", parameters: [{ $ref: "#/components/parameters/ring" }] },
    },
  },
  components: {
    parameters: {
      kind: { name: "kind", in: "path", required: true, schema: {} },
      ring: { $ref: "#/components/parameters/ring" },
    },
  },
};

const version2 = (host: string) => ({
  swagger: "2.0",
  host,
  basePath: "/v2/",
  schemes: ["http"],
  produces: ["application/json"],
  paths: {
    "/pet/{petId}": {
      get: {
        operationId: "getPet",
        parameters: [{ name: "petId", in: "path", required: true, type: "integer" }],
      },
      post: {
        operationId: "formPet",
        consumes: ["application/x-www-form-urlencoded"],
        parameters: [
          { name: "petId", in: "path", required: true },
          { name: "name", in: "formData", required: true },
          { name: "age", in: "formData" },
        ],
      },
    },
    "/pet": {
      get: {
        operationId: "findPets",
        parameters: [
          { name: "status", in: "query", type: "array", collectionFormat: "multi" },
          { name: "tags", in: "query", type: "array", collectionFormat: "ssv" },
          { name: "ids", in: "query", type: "array" },
        ],
      },
      post: { operationId: "addPet", parameters: [{ name: "pet", in: "body", required: true }] },
    },
  },
});

describe("call: openapi", () => {
  const stub = httpStubs();
  const call = caller();

  /** A service that gives its document at `/doc` and `pong` for everything else. */
  async function service(document: (host: string) => StubAnswer) {
    const one = await stub(({ path, headers }) =>
      path === "/doc" ? document(headers.host ?? "") : { body: ["pong"] },
    );
    const operation = (operationId: string, parameters?: Json, more: object = {}) =>
      call("openapi", {
        document: { endpoint: `${one.origin}/doc` },
        operationId,
        ...(parameters === undefined ? {} : { parameters }),
        ...more,
      });
    return { ...one, operation };
  }

  it("calls operations of OpenAPI 2.0", async () => {
    const { operation, seen, origin } = await service((host) => ({ body: version2(host) }));
    assert.deepEqual(await operation("getPet", { petId: 1 }), ["pong"]);
    await operation("findPets", { status: ["a", "b"], tags: ["c", "d"], ids: [1, 2] });
    await operation("formPet", { petId: 2, name: "Rex & Co" });
    await operation("addPet", { pet: { name: "Rex" } });
    const whole = (await operation("getPet", { petId: "a/b" }, { output: "response" })) as Record<
      string,
      Json
    >;
    const calls = seen.filter(({ path }) => path !== "/doc");
    assert.deepEqual(
      calls.map(({ method, path, body }) => [method, path, body]),
      [
        ["GET", "/v2/pet/1", ""],
        ["GET", "/v2/pet?status=a&status=b&tags=c+d&ids=1%2C2", ""],
        ["POST", "/v2/pet/2", "name=Rex+%26+Co"],
        ["POST", "/v2/pet", '{"name":"Rex"}'],
        ["GET", "/v2/pet/a%2Fb", ""],
      ],
    );
    assert.equal(calls[3]?.headers["idempotency-key"], "run-1/effect-1");
    assert.equal((whole["request"] as Record<string, Json>)["uri"], `${origin}/v2/pet/a%2Fb`);
  });

  it("calls operations of OpenAPI 3, written in YAML", async () => {
    const { operation, seen } = await service(() => ({ body: stringify(version3) }));
    const authentication = { basic: { username: "ann", password: "pw" } };
    await operation(
      "findPets",
      {
        id: "ü",
        kind: ["a", "b"],
        limit: 5,
        tags: ["x", "y"],
        box: { min: 1, max: 2 },
        loose: { p: 1, q: 2 },
        filter: { deep: [1] },
        "X-Trace": "t",
        session: "s;1",
      },
      { authentication },
    );
    await operation("putPet", { id: 1, kind: "k", body: { a: 1 } });
    const [, get, , put] = seen;
    assert.equal(
      decodeURIComponent(get?.path ?? ""),
      '/v3/pets/ü/a,b?limit=5&tags=x|y&box[min]=1&box[max]=2&p=1&q=2&filter={"deep":[1]}',
    );
    assert.deepEqual(
      [get?.headers["x-trace"], get?.headers.cookie, get?.headers.accept],
      ["t", "session=s%3B1", "application/json"],
    );
    assert.equal(get?.headers.authorization, "Basic YW5uOnB3");
    assert.equal(seen[0]?.headers.authorization, undefined);
    assert.deepEqual([put?.headers["content-type"], put?.body], ["application/vnd.pet+json", '{"a":1}']);
  });

  it("says what does not fit", async () => {
    const { operation, seen } = await service(() => ({ body: version3 }));
    const path = { id: 1, kind: "k" };
    const bad: [string, Json, RegExp][] = [
      ["findPet", {}, /no operation "findPet".*did you mean "findPets"/],
      ["findPets", { id: 1 }, /needs the parameter kind/],
      ["findPets", { ...path, limits: 1 }, /no parameter "limits"; did you mean "limit"/],
      ["findPets", { ...path, id: ".." }, /stands in a path/],
      ["findPets", { ...path, Accept: "x" }, /no parameter "Accept"/],
      ["putPet", path, /needs a body, as the parameter body/],
      ["elsewhere", path, /refers to other\.yaml#\/x/],
      ["ring", path, /leads back to itself/],
    ];
    for (const [id, parameters, message] of bad) {
      const { kind, title = "", detail = "" } = await failureOf(operation(id, parameters));
      assert.equal(kind, "configuration", id);
      assert.match(`${title} ${detail}`, message);
    }
    assert.ok(seen.every((request) => request.path === "/doc"));
  });

  it("refuses documents that are none, too large, or made to do harm", async () => {
    const bombs = ["a: &a [x]\nb: [*a, *a]", "{", "a: 1\na: 2", "x".repeat(1_100_000), "a: !!js/function f"];
    for (const body of bombs) {
      const { operation } = await service(() => ({ body }));
      const error = await failureOf(operation("any"));
      assert.deepEqual([error.kind, error.status], ["communication", 502], body.slice(0, 20));
    }
    const { operation } = await service(() => ({ body: { info: {} } }));
    assert.equal((await failureOf(operation("any"))).kind, "configuration");
    const gone = await service(() => ({ status: 404 }));
    assert.equal((await failureOf(gone.operation("any"))).status, 404);
  });

  it("keeps to the guard for the document and for its server", async () => {
    const { operation, seen } = await service(() => ({
      body: { ...version3, servers: [{ url: "http://10.0.0.1/x" }] },
    }));
    assert.equal((await failureOf(operation("findPets", { id: 1, kind: 2 }))).kind, "authorization");
    assert.equal(seen.length, 1);
    const document = { endpoint: "file:///etc/hosts" };
    assert.equal((await failureOf(call("openapi", { document, operationId: "a" }))).kind, "configuration");
  });
});
