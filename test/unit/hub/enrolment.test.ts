import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "mocha";
import { siteOfCertificate } from "#certs/identity.js";
import { readJoinToken } from "#certs/join-token.js";
import { newKey, spkiOf } from "#certs/keys.js";
import { createRequest } from "#certs/request.js";
import { Revocations } from "#hub/sites/revocations.js";
import { listSites } from "#hub/store/sites.js";
import { parseSiteId } from "#kernel/ids.js";
import { temporaryFolders } from "../../support/folders.js";
import {
  berlin,
  dayMs,
  expiredRequest,
  type IdentityHub,
  minuteMs,
  openIdentityHub,
  trustDomain,
} from "../../support/hub-identity.js";

const serialOf = (chain: string): string => new X509Certificate(chain).serialNumber;

describe("hub/sites/enrolment", () => {
  const folder = temporaryFolders();
  let hub: IdentityHub;
  beforeEach(async () => {
    hub = await openIdentityHub(await folder());
  });
  afterEach(() => hub.store.close());

  const certificates = () => hub.store.db.selectFrom("certificates").selectAll().execute();
  const revoke = () => hub.store.write((tx) => hub.enrolment.revoke(tx, berlin, "lost"));

  describe("join", () => {
    it("gives the site of the token, whatever the request says, a certificate of 24 hours", async () => {
      const key = newKey();
      const { chain, root, site } = await hub.join(await hub.invite(), key);
      const leaf = new X509Certificate(chain);
      assert.equal(site, berlin);
      assert.equal(siteOfCertificate(leaf, trustDomain), berlin);
      assert.ok(leaf.checkPrivateKey(key));
      assert.equal(Date.parse(leaf.validTo), hub.clock.ms + dayMs);
      assert.equal(chain.split("BEGIN").length, 3);
      assert.equal(root.split("BEGIN").length, 2);
      const [known] = await listSites(hub.store.db);
      assert.deepEqual([known?.agentVersion, known?.certificateExpiresAtMs], ["0.1.0", hub.clock.ms + dayMs]);
    });

    it("gives the same certificate for the same token and key, also ten minutes after and past the token's end", async () => {
      const key = newKey();
      const token = await hub.invite(berlin, 60);
      const first = await hub.join(token, key);
      assert.deepEqual(await hub.join(token, key), first);
      hub.clock.ms += 9 * minuteMs;
      assert.deepEqual(await hub.join(token, key), first);
      assert.equal((await certificates()).length, 1);
      hub.clock.ms += 2 * minuteMs;
      await assert.rejects(hub.join(token, key), { code: "TOKEN_INVALID" });
    });

    it("refuses a second key, and says so in the log", async () => {
      const token = await hub.invite();
      await hub.join(token, newKey());
      await assert.rejects(hub.join(token, newKey()), { code: "TOKEN_USED" });
      assert.equal((await certificates()).length, 1);
      assert.ok(hub.logged.some((line) => line.includes("may have been stolen")));
    });

    it("lets exactly one of many keys in that come at once", async () => {
      const token = await hub.invite();
      const all = await Promise.allSettled(Array.from({ length: 30 }, () => hub.join(token, newKey())));
      assert.equal(all.filter(({ status }) => status === "fulfilled").length, 1);
      assert.equal((await certificates()).length, 1);
    });

    it("refuses every bad token with the same words and a reference that the log has", async () => {
      const token = await hub.invite(berlin, 60);
      const stranger = await openIdentityHub(await folder());
      const foreign = await stranger.invite();
      await stranger.store.close();
      const refusals: string[] = [];
      const refuse = (bad: string) =>
        assert.rejects(hub.join(bad, newKey()), (error: Error & { code?: string }) => {
          assert.equal(error.code, "TOKEN_INVALID");
          const reference = /reference ([0-9a-f]{8})/.exec(error.message)?.[1] ?? "none";
          assert.ok(
            hub.logged.some((line) => line.includes(reference)),
            "the log has the reference",
          );
          refusals.push(error.message.replace(reference, "…"));
          return true;
        });
      for (const bad of ["", "x.y.z", foreign, `${token.slice(0, -4)}AAAA`]) await refuse(bad);
      await revoke();
      await refuse(token);
      hub.clock.ms += 5 * minuteMs;
      await refuse(token);
      assert.equal(new Set(refusals).size, 1);
      assert.equal((await certificates()).length, 0);
      assert.ok(!hub.logged.some((line) => line.includes(token)), "no token in the log");
    });

    it("refuses a token that this hub signed but does not know", async () => {
      const key = newKey();
      const [one, two] = [
        await openIdentityHub(await folder(), key),
        await openIdentityHub(await folder(), key),
      ];
      await assert.rejects(two.join(await one.invite(), newKey()), { code: "TOKEN_INVALID" });
      await Promise.all([one.store.close(), two.store.close()]);
    });

    it("spends no token on a bad request, nor on a key that was used before", async () => {
      const key = newKey();
      await hub.join(await hub.invite("acme/paris"), key);
      const token = await hub.invite();
      const broken = createRequest(newKey());
      broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
      const join = (certificateRequest: Uint8Array) =>
        hub.enrolment.join({ token, certificateRequest, agentVersion: "" });
      await assert.rejects(join(broken), { code: "CERTIFICATE_REQUEST_INVALID" });
      await assert.rejects(join(createRequest(key)), { code: "CERTIFICATE_REQUEST_INVALID" });
      assert.equal((await hub.join(token, newKey())).site, berlin);
    });

    it("carries the hub's address and pin in the token, and is signed anew from the stored invitation", async () => {
      const wish = { site: berlin, labels: { region: "eu" }, ttlSeconds: 0, invitedBy: "ada" };
      const invitation = await hub.store.write((tx) => hub.enrolment.invite(tx, wish));
      assert.equal(invitation.expiresAtMs, hub.clock.ms + 60 * minuteMs);
      const [one, two] = [await hub.enrolment.tokenOf(invitation), await hub.enrolment.tokenOf(invitation)];
      assert.deepEqual(readJoinToken(one).hub, ["hub.example:7443"]);
      assert.deepEqual({ ...readJoinToken(one), token: "" }, { ...readJoinToken(two), token: "" });
      const key = newKey();
      assert.deepEqual(await hub.join(one, key), await hub.join(two, key));
      assert.deepEqual((await listSites(hub.store.db))[0]?.labels, { region: "eu" });
      for (const ttlSeconds of [-1, 86_401, 0.5]) {
        await assert.rejects(
          hub.store.write((tx) => hub.enrolment.invite(tx, { ...wish, ttlSeconds })),
          { code: "ARGUMENT_INVALID" },
        );
      }
    });
  });

  describe("renew", () => {
    async function joined(): Promise<{ site: typeof berlin; serial: string }> {
      const { chain } = await hub.join(await hub.invite(), newKey());
      return { site: berlin, serial: serialOf(chain) };
    }

    it("gives a new key a new certificate of the same site; the old one stays good", async () => {
      const agent = await joined();
      hub.clock.ms += dayMs / 2;
      const key = newKey();
      const { chain } = await hub.enrolment.renew(agent, createRequest(key));
      const leaf = new X509Certificate(chain);
      assert.equal(siteOfCertificate(leaf, trustDomain), berlin);
      assert.deepEqual(leaf.publicKey.export({ type: "spki", format: "der" }), spkiOf(key));
      assert.equal(Date.parse(leaf.validTo), hub.clock.ms + dayMs);
      assert.ok(!hub.revocations.isRevoked(agent.serial));
      const again = await hub.enrolment.renew(agent, createRequest(key));
      assert.equal(again.chain, chain, "a lost reply can be asked for again");
    });

    it("refuses the present key, another site's key, and a certificate that is not the caller's", async () => {
      const key = newKey();
      const { chain } = await hub.join(await hub.invite(), key);
      const agent = { site: berlin, serial: serialOf(chain) };
      await assert.rejects(hub.enrolment.renew(agent, createRequest(key)), {
        code: "CERTIFICATE_REQUEST_INVALID",
      });
      const other = newKey();
      await hub.join(await hub.invite("acme/paris"), other);
      await assert.rejects(hub.enrolment.renew(agent, createRequest(other)), {
        code: "CERTIFICATE_REQUEST_INVALID",
      });
      const paris = { ...agent, site: parseSiteId("acme/paris") };
      await assert.rejects(hub.enrolment.renew(paris, createRequest(newKey())), {
        code: "CERTIFICATE_INVALID",
      });
    });

    it("bounds how many certificates a site can hold, and forgets old ones", async () => {
      const agent = await joined();
      const renew = () => hub.enrolment.renew(agent, createRequest(newKey()));
      for (let count = 1; count < 64; count++) await renew();
      await assert.rejects(renew(), { code: "RATE_LIMITED" });
      hub.clock.ms += 40 * dayMs;
      await renew();
      assert.equal((await certificates()).length, 1);
    });
  });

  describe("renewExpired", () => {
    it("lets a site back in that was off for less than seven days after its certificate's end", async () => {
      const key = newKey();
      const { chain } = await hub.join(await hub.invite(), key);
      hub.clock.ms += 7 * dayMs;
      const request = expiredRequest(chain, key, newKey());
      const renewed = await hub.enrolment.renewExpired(request);
      assert.equal(siteOfCertificate(new X509Certificate(renewed.chain), trustDomain), berlin);
      assert.deepEqual(await hub.enrolment.renewExpired(request), renewed);
      hub.clock.ms += 2 * dayMs;
      await assert.rejects(hub.enrolment.renewExpired(expiredRequest(chain, key, newKey())), {
        code: "CERTIFICATE_INVALID",
        message: /seven days/,
      });
    });

    it("refuses a certificate that has not ended, but for what clocks may differ", async () => {
      const key = newKey();
      const { chain } = await hub.join(await hub.invite(), key);
      const renew = () => hub.enrolment.renewExpired(expiredRequest(chain, key, newKey()));
      for (const laterMs of [0, dayMs - 6 * minuteMs]) {
        hub.clock.ms += laterMs;
        await assert.rejects(renew(), { code: "CERTIFICATE_INVALID", message: /has not ended yet/ });
      }
      hub.clock.ms += 2 * minuteMs;
      const { chain: renewed } = await renew();
      assert.equal(siteOfCertificate(new X509Certificate(renewed), trustDomain), berlin);
    });

    it("refuses who does not hold the key, a foreign certificate, a changed one, and rubbish", async () => {
      const key = newKey();
      const { chain } = await hub.join(await hub.invite(), key);
      hub.clock.ms += 2 * dayMs;
      const good = expiredRequest(chain, key, newKey());
      const stranger = await openIdentityHub(await folder());
      const foreign = await stranger.join(await stranger.invite(), key);
      await stranger.store.close();
      for (const bad of [
        { ...good, signature: expiredRequest(chain, newKey(), newKey()).signature },
        { ...good, certificateRequest: createRequest(newKey()) },
        { ...good, signature: new Uint8Array() },
        expiredRequest(foreign.chain, key, newKey()),
        { ...good, certificate: "" },
        { ...good, certificate: chain.slice(0, 300) },
        { ...good, certificate: "x".repeat(100_000) },
      ]) {
        await assert.rejects(hub.enrolment.renewExpired(bad), {
          code: "CERTIFICATE_INVALID",
          message: /reference/,
        });
      }
      assert.equal((await certificates()).length, 1);
    });
  });

  describe("revoke", () => {
    it("refuses the site, its certificates and its open invitations, also after a restart", async () => {
      const key = newKey();
      const open = await hub.invite();
      const used = await hub.invite();
      const { chain } = await hub.join(used, key);
      const agent = { site: berlin, serial: serialOf(chain) };
      const told: string[] = [];
      hub.revocations.onRevoke((site) => told.push(site));
      await revoke();
      assert.deepEqual(told, [berlin]);
      assert.ok(hub.revocations.isRevoked(berlin) && hub.revocations.isRevoked(agent.serial));
      assert.ok(!hub.revocations.isRevoked("acme/paris"));
      const reloaded = await Revocations.load(hub.store.db, hub.clock.ms);
      assert.ok(reloaded.isRevoked(berlin) && reloaded.isRevoked(agent.serial));
      await assert.rejects(hub.join(open, newKey()), { code: "TOKEN_INVALID" });
      await assert.rejects(hub.join(used, key), { code: "TOKEN_INVALID" });
      await assert.rejects(hub.enrolment.renew(agent, createRequest(newKey())), { code: "SITE_REVOKED" });
      const expired = expiredRequest(chain, key, newKey());
      await assert.rejects(hub.enrolment.renewExpired(expired), { code: "SITE_REVOKED" });
    });

    it("lets the site in again with a new invitation and a new key; the old certificate stays refused", async () => {
      const key = newKey();
      const old = await hub.join(await hub.invite(), key);
      await revoke();
      const token = await hub.invite();
      assert.ok(hub.revocations.isRevoked(berlin), "an invitation alone changes nothing");
      await assert.rejects(hub.join(token, key), { code: "CERTIFICATE_REQUEST_INVALID" });
      const { chain } = await hub.join(token, newKey());
      assert.ok(!hub.revocations.isRevoked(berlin) && !hub.revocations.isRevoked(serialOf(chain)));
      assert.ok(hub.revocations.isRevoked(serialOf(old.chain)));
      const expired = expiredRequest(old.chain, key, newKey());
      await assert.rejects(hub.enrolment.renewExpired(expired), { code: "SITE_REVOKED" });
      const reloaded = await Revocations.load(hub.store.db, hub.clock.ms);
      assert.ok(!reloaded.isRevoked(berlin) && reloaded.isRevoked(serialOf(old.chain)));
    });
  });
});
