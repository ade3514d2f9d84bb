import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, it } from "mocha";
import { newKey } from "#certs/keys.js";
import { temporaryFolders } from "../../support/folders.js";
import { dayMs, type IdentityHub, openIdentityHub, trustDomain } from "../../support/hub-identity.js";

describe("hub/access/operators", () => {
  const folder = temporaryFolders();
  const key = newKey();
  let hub: IdentityHub;
  beforeEach(async () => {
    hub = await openIdentityHub(await folder(), key);
  });
  afterEach(() => hub.store.close());

  const add = (name: string, role: string, ttlDays = 0) =>
    hub.store.write((tx) => hub.operators.add(tx, { name, role, ttlDays }));
  const remove = (name: string) => hub.store.write((tx) => hub.operators.remove(tx, name));
  const tokenFor = async (name: string, role: string, ttlDays = 0) =>
    hub.operators.tokenOf(await add(name, role, ttlDays));
  const refuses = (token: string, message = /refused/) =>
    assert.rejects(hub.operators.verify(token), { code: "UNAUTHENTICATED", message });

  it("knows the holder of a token for ninety days", async () => {
    const token = await tokenFor("ada", "admin");
    assert.deepEqual(await hub.operators.verify(token), { kind: "operator", name: "ada", role: "admin" });
    hub.clock.ms += 89 * dayMs;
    assert.equal((await hub.operators.verify(token)).name, "ada");
    hub.clock.ms += 2 * dayMs;
    await refuses(token, /expired/);
  });

  it("refuses a removed operator at once, and the old token of a name that was added anew", async () => {
    await add("root", "admin");
    const token = await tokenFor("ada", "viewer");
    assert.equal((await remove("ada")).removed, true);
    await refuses(token, /no more/);
    const next = await tokenFor("ada", "coordinator");
    await refuses(token, /no more/);
    assert.equal((await hub.operators.verify(next)).role, "coordinator");
    assert.deepEqual(
      (await hub.operators.list()).map(({ name, role, removed }) => [name, role, removed]),
      [
        ["ada", "coordinator", false],
        ["root", "admin", false],
      ],
    );
  });

  it("refuses tokens of other keys, types, audiences, roles, and join tokens of the same key", async () => {
    const added = await add("ada", "viewer");
    const craft = (change: (jwt: SignJWT) => SignJWT, typ = "operator+jwt", role = "viewer", signer = key) =>
      change(
        new SignJWT({ role })
          .setProtectedHeader({ alg: "ES256", typ })
          .setIssuer(trustDomain)
          .setAudience("hub-control")
          .setSubject("ada")
          .setJti(added.jti)
          .setIssuedAt(added.createdAtMs / 1000)
          .setExpirationTime(added.expiresAtMs / 1000),
      ).sign(signer);
    assert.equal((await hub.operators.verify(await craft((jwt) => jwt))).name, "ada");
    await refuses(await craft((jwt) => jwt, "operator+jwt", "viewer", newKey()));
    await refuses(await craft((jwt) => jwt, "join+jwt"));
    await refuses(await craft((jwt) => jwt.setAudience("hub-enroll")));
    await refuses(await craft((jwt) => jwt.setIssuer("other.example")));
    await refuses(await craft((jwt) => jwt, "operator+jwt", "admin"), /no more/);
    await refuses(await craft((jwt) => jwt.setSubject("eve")), /no more/);
    await refuses(await craft((jwt) => jwt.setJti("other")), /no more/);
    await refuses(await hub.invite());
    await refuses("");
    await refuses("x".repeat(10_000));
  });

  it("refuses a name that is taken, unknown roles, bad names and lives", async () => {
    await add("ada", "admin");
    await assert.rejects(add("ada", "viewer"), { code: "ALREADY_EXISTS" });
    await assert.rejects(add("bob", "admn"), { code: "ARGUMENT_INVALID", message: /did you mean "admin"/ });
    await assert.rejects(add("Bob Smith", "viewer"), { code: "ARGUMENT_INVALID" });
    await assert.rejects(add("bob", "viewer", 367), { code: "ARGUMENT_INVALID" });
    await assert.rejects(remove("bob"), { code: "OPERATOR_NOT_FOUND" });
  });

  it("keeps the last admin", async () => {
    await add("ada", "admin");
    await add("bob", "coordinator");
    await assert.rejects(remove("ada"), { code: "ARGUMENT_INVALID", message: /last admin/ });
    await add("eve", "admin");
    assert.equal((await remove("ada")).removed, true);
    assert.equal((await remove("ada")).removed, true, "a removal can be repeated");
  });
});
