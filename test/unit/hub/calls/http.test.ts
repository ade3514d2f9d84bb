import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { describe, it } from "mocha";
import type { Json } from "#kernel/json.js";
import { httpStubs } from "#test/support/http.js";
import { TestAuthority } from "#test/support/tls.js";
import { caller, failureOf } from "./caller.js";

describe("call: http", () => {
  const stub = httpStubs();
  const call = caller();

  it("gives the content by its type", async () => {
    const service = await stub(({ path }) => {
      if (path === "/json")
        return { headers: { "content-type": "application/problem+json" }, body: '{"a":[1]}' };
      if (path === "/text")
        return { headers: { "content-type": "text/plain; charset=iso-8859-1" }, body: Buffer.from([0xe9]) };
      if (path === "/none") return { status: 204 };
      return { headers: { "content-type": "image/png" }, body: Buffer.from([1, 2, 3]) };
    });
    const get = (path: string) => call("http", { method: "get", endpoint: service.origin + path });
    assert.deepEqual(await get("/json"), { a: [1] });
    assert.equal(await get("/text"), "é");
    assert.equal(await get("/none"), null);
    assert.equal(await get("/image"), "AQID");
  });

  it("gives the whole response, or its bytes, where that is wished", async () => {
    const service = await stub(() => ({ headers: { "x-one": "1" }, body: { id: 7 } }));
    const wish = (output: string) =>
      call("http", { method: "get", endpoint: `${service.origin}/a`, headers: { Accept: "text/x" }, output });
    const whole = (await wish("response")) as Record<string, Json>;
    assert.deepEqual(whole["request"], {
      method: "get",
      uri: `${service.origin}/a`,
      headers: { accept: "text/x" },
    });
    assert.equal(whole["statusCode"], 200);
    assert.equal((whole["headers"] as Record<string, Json>)["x-one"], "1");
    assert.deepEqual(whole["content"], { id: 7 });
    assert.equal(await wish("raw"), Buffer.from('{"id":7}').toString("base64"));
  });

  it("sends bodies, queries and headers, and the effect's name where it changes something", async () => {
    const service = await stub(() => ({ status: 201 }));
    const endpoint = { uri: `${service.origin}/a?one=1` };
    await call("http", {
      method: "post",
      endpoint,
      body: { b: null },
      query: { two: 2, list: ["x", "y"], no: null },
    });
    await call("http", { method: "put", endpoint, body: "plain", headers: { "X-Count": 3 } });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    await call("http", { method: "post", endpoint, body: { a: "ü &", b: [1, 2] }, headers: form });
    await call("http", { method: "get", endpoint });
    const [json, text, fields, read] = service.seen;
    assert.equal(json?.path, "/a?one=1&two=2&list=x&list=y");
    assert.deepEqual([json.headers["content-type"], json.body], ["application/json", '{"b":null}']);
    assert.equal(json.headers["idempotency-key"], "run-1/effect-1");
    assert.deepEqual([text?.headers["content-type"], text?.body], ["text/plain; charset=utf-8", "plain"]);
    assert.equal(text?.headers["x-count"], "3");
    assert.equal(fields?.body, "a=%C3%BC+%26&b=1&b=2");
    assert.equal(read?.headers["idempotency-key"], undefined);
    assert.match(read?.headers["user-agent"] ?? "", /^comity\//);
  });

  it("fails with the response's status, and says what the service says", async () => {
    const service = await stub(() => ({ status: 404, body: { message: "no such pet" } }));
    const error = await failureOf(call("http", { method: "get", endpoint: `${service.origin}/pet?key=1` }));
    assert.deepEqual([error.kind, error.status], ["communication", 404]);
    assert.equal(error.title, `GET ${service.origin}/pet answers 404 Not Found`);
    assert.equal(error.detail, '{"message":"no such pet"}');
  });

  it("takes a redirect for a failure unless it may follow", async () => {
    const service = await stub(({ path }) =>
      path === "/old" ? { status: 302, headers: { location: "/new" } } : { body: { path } },
    );
    const endpoint = `${service.origin}/old`;
    assert.equal((await failureOf(call("http", { method: "get", endpoint }))).status, 302);
    assert.deepEqual(await call("http", { method: "get", endpoint, redirect: true }), { path: "/new" });
  });

  it("follows as RFC 9110 says, and gives another origin neither headers nor credentials", async () => {
    const other = await stub(() => ({ body: "there" }));
    const service = await stub(({ path }) => {
      const [, status = "", place = ""] = path.split("/");
      return {
        status: Number(status),
        headers: { location: place === "away" ? `${other.origin}/x` : "/200/end" },
      };
    });
    const follow = (path: string) =>
      call("http", {
        method: "post",
        endpoint: { uri: service.origin + path, authentication: { bearer: { token: "s3cret" } } },
        headers: { "x-key": "k3y" },
        body: { a: 1 },
        redirect: true,
      });
    await follow("/303/here");
    await follow("/307/here");
    await follow("/307/away");
    const [, afterSee, , afterKeep] = service.seen;
    assert.deepEqual([afterSee?.method, afterSee?.body], ["GET", ""]);
    assert.equal(afterSee?.headers.authorization, "Bearer s3cret");
    assert.deepEqual([afterKeep?.method, afterKeep?.body], ["POST", '{"a":1}']);
    const [away] = other.seen;
    assert.deepEqual([away?.method, away?.body], ["POST", '{"a":1}']);
    assert.equal(away?.headers.authorization, undefined);
    assert.equal(away?.headers["x-key"], undefined);
    assert.equal(away?.headers["idempotency-key"], undefined);
  });

  it("gives up on a ring of redirects", async () => {
    const service = await stub(() => ({ status: 307, headers: { location: "/" } }));
    const error = await failureOf(call("http", { method: "get", endpoint: service.origin, redirect: true }));
    assert.deepEqual([error.kind, error.status], ["communication", 502]);
    assert.equal(service.seen.length, 6);
  });

  it("reads no more than it may, packed or not", async () => {
    const service = await stub(({ path }) => {
      const body = Buffer.alloc(2_000_000, 97);
      return path === "/packed"
        ? { headers: { "content-type": "text/plain", "content-encoding": "gzip" }, body: gzipSync(body) }
        : { headers: { "content-type": "text/plain" }, body };
    });
    for (const path of ["/", "/packed"]) {
      const error = await failureOf(call("http", { method: "get", endpoint: service.origin + path }));
      assert.deepEqual([error.kind, error.status], ["communication", 502]);
      assert.match(error.title ?? "", /more than 256 KiB/);
    }
    const more = caller({ maxBytes: 3_000_000 });
    assert.equal(
      ((await more("http", { method: "get", endpoint: `${service.origin}/packed` })) as string).length,
      2_000_000,
    );
  });

  it("refuses an encoding that it does not read, whatever its name", async () => {
    for (const encoding of ["zstd", "constructor", "__proto__"]) {
      const service = await stub(() => ({ headers: { "content-encoding": encoding }, body: "x" }));
      const error = await failureOf(call("http", { method: "get", endpoint: service.origin }));
      assert.deepEqual([error.kind, error.status], ["communication", 502], encoding);
    }
  });

  it("refuses JSON that is none, or that could do harm", async () => {
    const service = await stub(({ path }) => ({
      headers: { "content-type": "application/json" },
      body: path === "/proto" ? '{"__proto__":1}' : "{",
    }));
    for (const path of ["/proto", "/half"]) {
      const error = await failureOf(call("http", { method: "get", endpoint: service.origin + path }));
      assert.deepEqual([error.kind, error.status], ["communication", 502], path);
    }
  });

  it("says that nobody is there, that nobody answers, that the answer broke off", async () => {
    const silent = await stub(() => () => undefined);
    const broken = await stub(() => (response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("abc", () => response.destroy());
    });
    const gone = await failureOf(call("http", { method: "get", endpoint: "http://127.0.0.1:1/" }));
    assert.deepEqual([gone.kind, gone.status], ["communication", 503]);
    const late = await failureOf(
      caller({ timeoutMs: 50 })("http", { method: "get", endpoint: silent.origin }),
    );
    assert.deepEqual([late.kind, late.status], ["timeout", 408]);
    assert.equal(
      (await failureOf(call("http", { method: "get", endpoint: broken.origin }))).kind,
      "communication",
    );
  });

  it("ends at once when nobody waits for it", async () => {
    const control = new AbortController();
    const service = await stub(() => {
      control.abort(new Error("not wanted"));
      return () => undefined;
    });
    await assert.rejects(
      call("http", { method: "get", endpoint: service.origin }, control.signal),
      /not wanted/,
    );
  });

  it("speaks TLS, and trusts no certificate but those it is told of", async () => {
    const authority = new TestAuthority();
    const { key, chain } = authority.hub();
    const service = await stub(() => ({ body: "safe" }), { key, cert: chain });
    const get = { method: "get", endpoint: service.origin, output: "raw" };
    assert.equal(await caller({ ca: authority.root })("http", get), Buffer.from("safe").toString("base64"));
    const error = await failureOf(call("http", get));
    assert.deepEqual([error.kind, error.status], ["communication", 503]);
    assert.equal(service.seen.length, 1);
  });

  it("goes where the route leads, under the name that was called", async () => {
    const service = await stub(({ headers, path }) => ({ body: { host: headers.host ?? "", path } }));
    const routed = caller({
      route: (url) => (url.host === "pets.example.org" ? new URL(url.pathname, service.origin) : url),
    });
    const output = await routed("http", {
      method: "get",
      endpoint: "https://pets.example.org/1",
      output: "response",
    });
    const { request, content } = output as Record<string, Record<string, Json>>;
    assert.equal(request?.["uri"], "https://pets.example.org/1");
    assert.deepEqual(content, { host: "pets.example.org", path: "/1" });
  });

  it("refuses what it cannot send", async () => {
    const bad: [Json, RegExp][] = [
      [{ endpoint: "/no/scheme" }, /no address/],
      [{ endpoint: "file:///etc/passwd" }, /does not call file:/],
      [{ endpoint: "http://user:pass@127.0.0.1/" }, /user name or a password/],
      [{ endpoint: "http://127.0.0.1/", headers: { Host: "x" } }, /header host/],
      [{ endpoint: "http://127.0.0.1/", headers: { a: "1\r\nb: 2" } }, /characters/],
      [
        { endpoint: "http://127.0.0.1/", body: [1], headers: { "content-type": "text/csv" } },
        /must be a text/,
      ],
    ];
    for (const [argument, message] of bad) {
      const error = await failureOf(call("http", { method: "post", ...(argument as object) }));
      assert.equal(error.kind, "configuration");
      assert.match(error.title ?? "", message);
    }
    await assert.rejects(
      async () => call("http", { method: "get", endpoint: "http://127.0.0.1/", redirects: true }),
      {
        code: "ARGUMENT_INVALID",
        message: /unknown key "redirects"; did you mean "redirect"/,
      },
    );
  });
});
