import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import { describe, it } from "mocha";
import { readJoinToken, signJoinToken, verifyJoinToken } from "#certs/join-token.js";
import { newKey, pinOf, publicKeyOf, spkiOf } from "#certs/keys.js";
import { parseSiteId } from "#kernel/ids.js";

const key = newKey();
const publicKey = publicKeyOf(key);
const nowMs = Date.UTC(2026, 5, 1, 12);
const base = {
  key,
  issuer: "test.example",
  jti: "invitation-1",
  site: parseSiteId("acme/berlin"),
  hub: ["hub.example:7443", "[::1]:7443"],
  ca: [pinOf(newKey())],
  nowMs,
};
const claims = { site: base.site, hub: base.hub, ca: base.ca };

const verify = (token: string, atMs = nowMs, graceMs = 0) =>
  verifyJoinToken({ token, key: publicKey, issuer: base.issuer, nowMs: atMs, graceMs });
const refuses = (token: string, atMs = nowMs): Promise<void> =>
  assert.rejects(verify(token, atMs), { code: "TOKEN_INVALID" });

/** A token that is right but for what the test changes. */
const craft = (
  change: (jwt: SignJWT) => SignJWT,
  typ = "join+jwt",
  payload: Record<string, unknown> = claims,
): Promise<string> =>
  change(
    new SignJWT(payload)
      .setProtectedHeader({ alg: "ES256", typ })
      .setIssuer(base.issuer)
      .setAudience("hub-enroll")
      .setJti("j")
      .setIssuedAt(nowMs / 1000)
      .setExpirationTime(nowMs / 1000 + 60),
  ).sign(key);

describe("certs/join-token", () => {
  it("carries the hub, the pin and the site, for one hour", async () => {
    const { token, expiresAtMs } = await signJoinToken(base);
    assert.equal(expiresAtMs, nowMs + 3_600_000);
    const expected = { jti: base.jti, ...claims, expiresAtMs };
    assert.deepEqual(await verify(token), expected);
    assert.deepEqual(readJoinToken(` ${token.slice(0, 40)}\n  ${token.slice(40)}\r\n`), {
      token,
      ...expected,
    });
    assert.ok(token.length < 800, `the token has ${token.length} characters`);
  });

  it("refuses a token after its end, but for the grace that was asked for", async () => {
    const { token, expiresAtMs } = await signJoinToken({ ...base, ttlSeconds: 60 });
    assert.ok(await verify(token, expiresAtMs + 30_000), "clocks may differ by a minute");
    await refuses(token, expiresAtMs + 90_000);
    assert.equal((await verify(token, expiresAtMs + 90_000, 600_000)).jti, base.jti);
    await assert.rejects(verify(token, expiresAtMs + 700_000, 600_000), { code: "TOKEN_INVALID" });
    await refuses(token, nowMs - 120_000);
  });

  it("refuses other keys, algorithms, types, issuers, audiences and missing claims", async () => {
    const { token } = await signJoinToken(base);
    await refuses((await signJoinToken({ ...base, key: newKey() })).token);
    await refuses((await signJoinToken({ ...base, issuer: "other.example" })).token);
    await refuses(await craft((jwt) => jwt, "operator+jwt"));
    await refuses(await craft((jwt) => jwt.setAudience("another")));
    await refuses(await craft((jwt) => jwt, "join+jwt", { ...claims, site: "../.." }));
    await refuses(await craft((jwt) => jwt, "join+jwt", { ...claims, ca: [] }));
    await refuses(
      await craft((jwt) => jwt.setExpirationTime(nowMs / 1000 + 400 * 86_400)),
      nowMs + 2 * 86_400_000,
    );
    const [, body = "", signature = ""] = token.split(".");
    const header = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    await refuses(`${header({ alg: "none", typ: "join+jwt" })}.${body}.`);
    await refuses(
      `${header({ alg: "ES256", typ: "join+jwt", jku: "https://evil.example" })}.${body}.${signature}`,
    );
    await refuses(
      new UnsecuredJWT(claims)
        .setIssuer(base.issuer)
        .setAudience("hub-enroll")
        .setExpirationTime("1h")
        .encode(),
    );
    const hmac = new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ: "join+jwt" })
      .setIssuer(base.issuer);
    await refuses(
      await hmac
        .setAudience("hub-enroll")
        .setJti("j")
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(spkiOf(publicKey)),
    );
    for (const claim of ["jti", "iat", "exp", "site"]) {
      const payload: Record<string, unknown> = {
        iss: base.issuer,
        aud: "hub-enroll",
        jti: "j",
        iat: nowMs / 1000,
        exp: nowMs / 1000 + 60,
        ...claims,
      };
      Reflect.deleteProperty(payload, claim);
      await refuses(
        await new SignJWT(payload).setProtectedHeader({ alg: "ES256", typ: "join+jwt" }).sign(key),
      );
    }
    const ed = generateKeyPairSync("ed25519").privateKey;
    await refuses(await new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", typ: "join+jwt" }).sign(ed));
    await refuses("");
    await refuses("a.b.c");
    await refuses("x".repeat(100_000));
  });

  it("says in a sentence what is wrong with a token that was copied badly", async () => {
    const { token } = await signJoinToken(base);
    const says = (text: string, sentence: RegExp): void =>
      assert.throws(() => readJoinToken(text), { code: "TOKEN_INVALID", message: sentence });
    says(token.slice(0, -10), /cut off/);
    says(token.slice(0, 60), /cut off/);
    says("", /no join token/);
    says("https://hub.example/", /no join token/);
    says(`${token}.x`, /no join token/);
    says(token.slice(20), /damaged/);
    says(await craft((jwt) => jwt, "operator+jwt"), /no join token/);
  });

  it("does not sign for longer than a day", async () => {
    for (const ttlSeconds of [0, -1, 1.5, 86_401]) {
      await assert.rejects(signJoinToken({ ...base, ttlSeconds }), { code: "ARGUMENT_INVALID" });
    }
  });
});
