import assert from "node:assert/strict";
import { createPublicKey, verify, X509Certificate } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { createAuthority } from "#certs/authority.js";
import { signJoinToken } from "#certs/join-token.js";
import { newKey, pinOf } from "#certs/keys.js";
import { parseRequest } from "#certs/request.js";
import { ComityError } from "#kernel/errors.js";
import { parseSiteId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { readAgentConfig } from "#node-agent/config.js";
import { diagnose, diagnoseToken, joinHub, startAgent } from "#node-agent/main.js";
import type { JoinReply } from "#proto/generated/comity/v1/JoinReply.js";
import type { JoinRequest__Output } from "#proto/generated/comity/v1/JoinRequest.js";
import type { RenewExpiredRequest__Output } from "#proto/generated/comity/v1/RenewExpiredRequest.js";
import { EnrollmentService } from "#proto/rpc/definitions.js";
import { TestSteps, writeAgentFolder } from "../support/agent.js";
import { temporaryFolders } from "../support/folders.js";
import { Peer } from "../support/peer.js";
import { authority, testListeners, until } from "../support/rpc.js";

const tokenKey = newKey();
const site = parseSiteId("acme/berlin");

describe("joining a hub", () => {
  const folder = temporaryFolders();
  const listen = testListeners();

  /** A control port that admits every site; `change` may alter its reply, or lose it. */
  async function controlPort(change: (reply: JoinReply, time: number) => JoinReply = (reply) => reply) {
    const asked: JoinRequest__Output[] = [];
    const expired: RenewExpiredRequest__Output[] = [];
    const issue = (der: Buffer) =>
      authority.authority.issueAgent({ site, publicKey: parseRequest(der), nowMs: Date.now() }).chain;
    const { address } = await listen((listener) =>
      listener.addSome(EnrollmentService, {
        async Join(request) {
          asked.push(request);
          await Promise.resolve();
          const reply = {
            certificateChain: issue(request.certificateRequest),
            root: authority.root,
            agentAddress: "localhost:7444",
            site,
            hubTimeMs: Date.now(),
          };
          return change(reply, asked.length);
        },
        async RenewExpired(request) {
          expired.push(request);
          await Promise.resolve();
          return {
            certificateChain: issue(request.certificateRequest),
            root: authority.root,
            hubTimeMs: Date.now(),
          };
        },
      }),
    );
    const pins = [pinOf(new X509Certificate(authority.root).publicKey)];
    const invite = async (options: { ca?: string[]; nowMs?: number; site?: string; hub?: string[] } = {}) => {
      const { ca = pins, nowMs = Date.now(), hub = [address] } = options;
      const named = parseSiteId(options.site ?? site);
      return (
        await signJoinToken({ key: tokenKey, issuer: "test.example", jti: "1", site: named, hub, ca, nowMs })
      ).token;
    };
    return { address, asked, expired, invite };
  }

  it("writes an identity for its owner only, and a configuration that is valid as it stands", async () => {
    const { address, invite } = await controlPort();
    const dir = join(await folder(), "agent");
    const joined = await joinHub({ token: await invite(), dir });
    assert.equal(joined.site, site);
    assert.equal(joined.agentAddress, "localhost:7444");
    assert.deepEqual((await readdir(dir)).sort(), ["agent.yaml", "identity.pem"]);
    for (const name of await readdir(dir)) assert.equal((await stat(join(dir, name))).mode & 0o777, 0o600);
    const config = await readAgentConfig(dir);
    assert.equal(config.hub, address);
    assert.deepEqual(config.datasets, []);
    assert.equal(config.policy.minRows, 10);
    // The example dataset is valid when its hashes are taken away.
    const path = join(dir, "agent.yaml");
    const text = await readFile(path, "utf8");
    await writeFile(
      path,
      text.replace("datasets: []", "datasets:").replace(/^# {2}(- name|[ ]{2})/gm, "  $1"),
    );
    assert.equal((await readAgentConfig(dir)).datasets[0]?.name, "digits");
  });

  it("may be repeated with the same key after a lost reply, and after a success", async () => {
    const { asked, invite } = await controlPort((reply, time) => {
      if (time === 1) throw new ComityError("HUB_UNREACHABLE", "The reply was lost.");
      return reply;
    });
    const dir = await folder();
    const token = await invite();
    await assert.rejects(joinHub({ token, dir }), { code: "HUB_UNREACHABLE" });
    assert.deepEqual(await readdir(dir), ["identity.key"]);
    await joinHub({ token, dir });
    await joinHub({ token, dir });
    const keys = asked.map(({ certificateRequest }) => pinOf(parseRequest(certificateRequest)));
    assert.equal(keys.length, 3);
    assert.equal(new Set(keys).size, 1);
  });

  it("sends no token to a hub with another root", async () => {
    const { asked, invite } = await controlPort();
    const other = createAuthority({ trustDomain: "test.example", nowMs: Date.now() });
    const token = await invite({ ca: [pinOf(new X509Certificate(other.root).publicKey)] });
    await assert.rejects(joinHub({ token, dir: await folder() }), { code: "PIN_MISMATCH" });
    assert.equal(asked.length, 0);
  });

  it("tries the token's addresses in turn", async () => {
    const { address, invite } = await controlPort();
    const joined = await joinHub({
      token: await invite({ hub: ["127.0.0.1:1", address] }),
      dir: await folder(),
    });
    assert.equal(joined.hub, address);
  });

  it("writes nothing when the certificate is not for the token's site, or not under the pinned root", async () => {
    const elsewhere = await controlPort();
    const dir = await folder();
    await assert.rejects(joinHub({ token: await elsewhere.invite({ site: "acme/paris" }), dir }), {
      code: "CERTIFICATE_INVALID",
    });
    const other = createAuthority({ trustDomain: "test.example", nowMs: Date.now() });
    const rooted = await controlPort((reply) => ({ ...reply, root: other.root }));
    await assert.rejects(joinHub({ token: await rooted.invite(), dir }), { code: "CERTIFICATE_INVALID" });
    assert.deepEqual(await readdir(dir), ["identity.key"]);
  });

  it("refuses old tokens, clocks that are behind, and folders of others, before it calls anybody", async () => {
    const { asked, invite } = await controlPort();
    const hourMs = 3_600_000;
    const dir = await folder();
    await assert.rejects(joinHub({ token: await invite({ nowMs: Date.now() - 2 * hourMs }), dir }), {
      code: "TOKEN_INVALID",
    });
    await assert.rejects(joinHub({ token: await invite({ nowMs: Date.now() + 48 * hourMs }), dir }), {
      code: "TOKEN_INVALID",
    });
    await assert.rejects(joinHub({ token: "rubbish", dir }), { code: "TOKEN_INVALID" });
    await writeFile(join(dir, "thesis.doc"), "");
    await assert.rejects(joinHub({ token: await invite(), dir }), { code: "DIRECTORY_INVALID" });
    const other = await folder();
    await writeAgentFolder(other, "localhost:1", { site: "acme/paris" });
    await assert.rejects(joinHub({ token: await invite(), dir: other }), { code: "DIRECTORY_INVALID" });
    assert.equal(asked.length, 0);
    const withData = await folder();
    await mkdir(join(withData, "data"));
    await joinHub({ token: await invite(), dir: withData });
  });

  it("renews an expired certificate at its start, with a proof of the old key", async () => {
    const { address, expired } = await controlPort();
    const peer = new Peer();
    const agentAddress = await peer.start();
    const dir = await folder();
    await writeAgentFolder(dir, agentAddress, { lifetimeMs: -1000 });
    const path = join(dir, "agent.yaml");
    await writeFile(path, (await readFile(path, "utf8")).replace(/^hub: .*$/m, `hub: ${address}`));
    const agent = await startAgent({ dir, log: silentLog, steps: new TestSteps().steps });
    try {
      await until(() => peer.sessions === 1, "there is a session");
      assert.equal(expired.length, 1);
      const [{ certificate, certificateRequest, signature }] = expired as [RenewExpiredRequest__Output];
      assert.ok(verify("sha256", certificateRequest, createPublicKey(certificate), signature));
    } finally {
      await agent.stop();
      await peer.stop();
    }
  });

  it("is looked at by the doctor, before and after", async () => {
    const { address, asked, invite } = await controlPort();
    const before = await diagnoseToken(await invite());
    assert.deepEqual(
      before.map(({ check, ok }) => [check, ok]),
      [
        ["token", true],
        ["names", true],
        ["tls", true],
        ["tls", true],
        ["clock", true],
      ],
    );
    assert.equal(asked.length, 0);
    const [rubbish] = await diagnoseToken("rubbish");
    assert.equal(rubbish?.ok, false);
    assert.match(rubbish.fix ?? "", /Copy the whole token/);

    const dir = await folder();
    // The agent port is not there; the dataset's file is not there.
    await writeAgentFolder(dir, "localhost:1", { more: "backend: cpu\n" });
    const path = join(dir, "agent.yaml");
    const text = (await readFile(path, "utf8"))
      .replace(/^hub: .*$/m, `hub: ${address}`)
      .replace("path: toy.csv", "path: none.csv");
    await writeFile(path, text);
    const found = await diagnose(dir);
    const ill = found.filter(({ ok }) => !ok);
    assert.deepEqual(
      ill.map(({ check }) => check),
      ["tls", "data"],
    );
    const rules = async (more: string) => {
      await writeFile(path, `${text}policy: ${more}\n`);
      const { ok, detail } = (await diagnose(dir)).find(({ check }) => check === "policy") ?? assert.fail();
      return `${ok}: ${detail}`;
    };
    assert.equal(await rules("{}"), "true: The site does train, evaluate, query and levels.");
    assert.equal(await rules("{ leaves: [aggregate] }"), "true: The site does evaluate and query.");
    assert.match(await rules("{ kinds: [train], leaves: [aggregate] }"), /^false: .*allow no work/);
    assert.match(await rules("{ pause: true }"), /^false: .*paused/);
    await writeFile(path, `${text}polices: {}\n`);
    const [wrong] = await diagnose(dir);
    assert.match(`${wrong?.detail ?? ""} ${wrong?.fix ?? ""}`, /agent\.yaml:\d+.*Correct what is named/s);
    for (const { fix } of ill) assert.ok(fix !== undefined && fix.length > 0);
    assert.deepEqual(
      (await diagnose(await folder())).map(({ check, ok }) => [check, ok]),
      [["folder", false]],
    );
  });
});
