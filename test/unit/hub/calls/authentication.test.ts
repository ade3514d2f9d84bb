import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { describe, it } from "mocha";
import type { Json } from "#kernel/json.js";
import { httpStubs, type SeenRequest, type StubAnswer } from "#test/support/http.js";
import { caller, failureOf } from "./caller.js";

const unauthorized = (challenge: string): StubAnswer => ({
  status: 401,
  headers: { "www-authenticate": challenge },
});

/** The parameters of a header `authorization: Digest …`. */
const parametersOf = (header: string): Record<string, string> =>
  Object.fromEntries(
    [...header.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)].map(([, key = "", a, b]) => [key, a ?? b ?? ""]),
  );

describe("the authentication of calls", () => {
  const stub = httpStubs();
  const call = caller();
  const get = (uri: string, authentication: Json, extra: object = {}) =>
    call("http", { method: "get", endpoint: { uri, authentication }, ...extra });

  it("is basic or bearer, and is told to nobody else", async () => {
    const service = await stub(() => ({ body: "ok" }));
    await get(service.origin, { basic: { username: "änne", password: "p:w" } });
    const whole = await get(service.origin, { bearer: { token: "t0k3n" } }, { output: "response" });
    const [basic, bearer] = service.seen.map(({ headers }) => headers.authorization);
    assert.equal(basic, `Basic ${Buffer.from("änne:p:w").toString("base64")}`);
    assert.equal(bearer, "Bearer t0k3n");
    assert.doesNotMatch(JSON.stringify(whole), /t0k3n/);
  });

  it("takes credentials out of what a service says of its refusal", async () => {
    const service = await stub(({ headers }) => ({ status: 403, body: { bad: headers.authorization } }));
    const error = await failureOf(get(service.origin, { bearer: { token: "t0k3n" } }));
    assert.equal(error.detail, '{"bad":"Bearer [secret]"}');
  });

  it("answers a digest challenge with the strongest algorithm that both know", async () => {
    const service = await stub(({ headers }) =>
      headers.authorization === undefined
        ? unauthorized(
            'Basic realm="x", Digest realm="a, \\"b\\"", nonce="n1", qop="auth,auth-int", opaque="o", algorithm=MD5, Digest realm="r", nonce="n2", qop="auth", algorithm=SHA-256',
          )
        : { body: "ok" },
    );
    await get(`${service.origin}/a?b=1`, { digest: { username: "ann", password: "pw" } });
    const given = parametersOf(service.seen[1]?.headers.authorization ?? "");
    const hash = (text: string) => createHash("sha256").update(text).digest("hex");
    const expected = hash(
      `${hash("ann:r:pw")}:n2:00000001:${given["cnonce"] ?? ""}:auth:${hash("GET:/a?b=1")}`,
    );
    assert.equal(given["response"], expected);
    assert.deepEqual([given["uri"], given["qop"], given["algorithm"]], ["/a?b=1", "auth", "SHA-256"]);
  });

  it("speaks the old digest without qop (the example of RFC 2069, as corrected)", async () => {
    const service = await stub(({ headers }) =>
      headers.authorization === undefined
        ? unauthorized('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
        : {},
    );
    await get(`${service.origin}/dir/index.html`, {
      digest: { username: "Mufasa", password: "CircleOfLife" },
    });
    const { response } = parametersOf(service.seen[1]?.headers.authorization ?? "");
    assert.equal(response, "1949323746fe6a43ef61f9606e7febea");
  });

  it("says that a service asks for something else", async () => {
    const service = await stub(() => unauthorized("Negotiate"));
    const error = await failureOf(get(service.origin, { digest: { username: "ann", password: "pw" } }));
    assert.equal(error.kind, "authentication");
  });
});

describe("OAuth 2.0 and OpenID Connect", () => {
  const stub = httpStubs();
  const get = (call: ReturnType<typeof caller>, uri: string, authentication: Json) =>
    call("http", { method: "get", endpoint: { uri, authentication } });

  /** An authority that gives tokens `token-1`, `token-2`, …, and a service that takes those not in `revoked`. */
  async function both(answer: object = { expires_in: 3600 }) {
    const issued: SeenRequest[] = [];
    const revoked = new Set<string>();
    const authority = await stub((request) => {
      issued.push(request);
      return { body: { access_token: `token-${issued.length}`, token_type: "Bearer", ...answer } };
    });
    const service = await stub(({ headers }) =>
      revoked.has(headers.authorization ?? "") ? { status: 401 } : { body: headers.authorization ?? "" },
    );
    return { issued, revoked, authority: authority.origin, service: service.origin, seen: service.seen };
  }

  it("asks once for a token that lasts, and anew for one that does not count any more", async () => {
    const { issued, revoked, authority, service, seen } = await both();
    const call = caller();
    const client = { id: "hub", secret: "s3cret" };
    const oauth2 = {
      authority: `${authority}/realms/a`,
      grant: "client_credentials",
      client,
      scopes: ["a", "b"],
      audiences: ["x"],
    };
    await get(call, service, { oauth2 });
    await get(call, service, { oauth2 });
    revoked.add("Bearer token-1");
    await get(call, service, { oauth2 });
    assert.deepEqual(
      seen.map(({ headers }) => headers.authorization),
      ["Bearer token-1", "Bearer token-1", "Bearer token-1", "Bearer token-2"],
    );
    assert.equal(issued.length, 2);
    assert.equal(issued[0]?.path, "/realms/a/oauth2/token");
    assert.deepEqual(Object.fromEntries(new URLSearchParams(issued[0].body)), {
      grant_type: "client_credentials",
      scope: "a b",
      audience: "x",
      client_id: "hub",
      client_secret: "s3cret",
    });
  });

  it("keeps no token that ends soon, or of which nobody says when", async () => {
    for (const answer of [{}, { expires_in: 20 }]) {
      const { issued, authority, service } = await both(answer);
      const call = caller();
      const oauth2 = { authority, grant: "client_credentials", client: { id: "hub", secret: "s" } };
      await get(call, service, { oauth2 });
      await get(call, service, { oauth2 });
      assert.equal(issued.length, 2);
    }
  });

  it("knows the other grants and ways to show who the client is", async () => {
    const { issued, authority, service } = await both();
    const ask = async (settings: object) => {
      await get(caller(), service, { oauth2: { authority, endpoints: { token: "/t" }, ...settings } });
      const request = issued.at(-1);
      return { headers: request?.headers, body: request?.body ?? "" };
    };
    const login = { grant: "password", username: "ann", password: "p w" };
    const basic = await ask({
      ...login,
      client: { id: "h:b", secret: "s%", authentication: "client_secret_basic" },
    });
    assert.equal(basic.headers?.authorization, `Basic ${Buffer.from("h%3Ab:s%25").toString("base64")}`);
    assert.equal(basic.body, "grant_type=password&username=ann&password=p+w");
    const subject = { token: "r3fresh", type: "refresh" };
    const json = await ask({
      grant: "refresh_token",
      subject,
      client: { id: "hub", authentication: "none" },
      request: { encoding: "application/json" },
    });
    assert.deepEqual(JSON.parse(json.body), {
      grant_type: "refresh_token",
      refresh_token: "r3fresh",
      client_id: "hub",
    });
    const exchange = await ask({
      grant: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject,
      actor: { token: "a", type: "b" },
    });
    assert.match(
      exchange.body,
      /subject_token=r3fresh&subject_token_type=refresh&actor_token=a&actor_token_type=b$/,
    );
    const secret = "a secret of thirty-two characters";
    const signed = await ask({
      grant: "client_credentials",
      client: { id: "hub", secret, authentication: "client_secret_jwt" },
    });
    const jwt = new URLSearchParams(signed.body).get("client_assertion") ?? "";
    const { payload } = await jwtVerify(jwt, Buffer.from(secret), {
      audience: `${authority}/t`,
      issuer: "hub",
    });
    assert.equal(payload.sub, "hub");
    const given = await ask({
      grant: "client_credentials",
      client: { id: "hub", assertion: "a.b.c", authentication: "private_key_jwt" },
    });
    assert.equal(new URLSearchParams(given.body).get("client_assertion"), "a.b.c");
  });

  it("finds the token endpoint of an OpenID Connect issuer, and looks whose token it is", async () => {
    const token = (iss: string) =>
      new SignJWT({ iss }).setProtectedHeader({ alg: "HS256" }).sign(Buffer.alloc(32));
    const tokens: Record<string, string> = {
      good: await token("https://issuer"),
      bad: await token("https://other"),
      opaque: "opaque",
    };
    const authority = await stub(({ path, headers, body }): StubAnswer => {
      const origin = `http://${headers.host ?? ""}`;
      if (path === "/r/.well-known/openid-configuration")
        return { body: { issuer: `${origin}/r`, token_endpoint: `${origin}/mint` } };
      if (path.endsWith("/.well-known/openid-configuration"))
        return { body: { issuer: "https://evil", token_endpoint: `${origin}/mint` } };
      return { body: { access_token: tokens[new URLSearchParams(body).get("client_id") ?? ""] } };
    });
    const service = await stub(({ headers }) => ({
      headers: { "content-type": "text/plain" },
      body: headers.authorization,
    }));
    const ask = (path: string, id: string, issuers?: readonly string[]) =>
      get(caller(), service.origin, {
        oidc: {
          authority: authority.origin + path,
          grant: "client_credentials",
          client: { id, secret: "s" },
          ...(issuers && { issuers }),
        },
      });
    const issuers = ["https://issuer", `${authority.origin}/r`];
    const shown = [
      await ask("/r", "opaque"),
      await ask("/r/.well-known/openid-configuration", "good", issuers),
    ];
    assert.deepEqual(shown, ["Bearer [secret]", "Bearer [secret]"]);
    assert.deepEqual(
      service.seen.map(({ headers }) => headers.authorization),
      ["opaque", "good"].map((id) => `Bearer ${tokens[id] ?? ""}`),
    );
    for (const [path, id] of [
      ["/r", "bad"],
      ["/r", "opaque"],
      ["/evil", "good"],
    ] as const) {
      const error = await failureOf(ask(path, id, issuers));
      assert.deepEqual([error.kind, error.status], ["authentication", 401], id);
    }
  });

  it("tells why there is no token, and repeats no secret", async () => {
    const authority = await stub(({ body }) => ({
      status: 400,
      body: { error: "invalid_client", error_description: body },
    }));
    const oauth2 = {
      authority: authority.origin,
      grant: "client_credentials",
      client: { id: "hub", secret: "s3cret" },
    };
    const error = await failureOf(get(caller(), authority.origin, { oauth2 }));
    assert.deepEqual(
      [error.kind, error.status, error.detail],
      ["authentication", 401, "It says invalid_client."],
    );
    for (const settings of [
      { grant: "authorization_code" },
      { grant: "password" },
      { grant: "client_credentials", client: {} },
    ]) {
      const bad = await failureOf(
        get(caller(), authority.origin, { oauth2: { authority: authority.origin, ...settings } }),
      );
      assert.equal(bad.kind, "configuration");
    }
  });

  it("asks for tokens under the guard, too", async () => {
    const service = await stub(() => ({ body: "ok" }));
    const oauth2 = {
      authority: "http://169.254.169.254",
      grant: "client_credentials",
      client: { id: "hub", secret: "s" },
    };
    assert.equal((await failureOf(get(caller(), service.origin, { oauth2 }))).kind, "authorization");
    assert.equal(service.seen.length, 0);
  });
});
