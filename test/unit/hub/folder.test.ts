import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { Authority } from "#certs/authority.js";
import { newKey } from "#certs/keys.js";
import { hubPaths } from "#hub/config.js";
import { createFolder, readAuthority } from "#hub/folder.js";
import { parseSiteId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { temporaryFolders } from "#test/support/folders.js";

const dayMs = 24 * 3_600_000;
const wishes = { name: "test", names: ["hub.example.org"], controlPort: 7443, agentPort: 7444 };

describe("a hub's folder", () => {
  const folder = temporaryFolders();

  it("holds its keys for their owner only, and is made once", async () => {
    const dir = join(await folder(), "hub");
    await createFolder(dir, wishes, Date.now());
    const { rootKey, issuing, signingKey } = hubPaths(dir);
    for (const path of [rootKey, issuing, signingKey]) assert.equal((await stat(path)).mode & 0o077, 0, path);
    await assert.rejects(createFolder(dir, wishes, Date.now()), { code: "DIRECTORY_INVALID" });
  });

  it("replaces the issuing authority in its last 60 days, under the same root", async () => {
    const dir = join(await folder(), "hub");
    const { trustDomain } = await createFolder(dir, wishes, Date.now());
    const before = await readAuthority(dir, trustDomain, Date.now(), silentLog);
    const kept = await readAuthority(dir, trustDomain, Date.now() + 300 * dayMs, silentLog);
    assert.equal(kept.material.issuing, before.material.issuing);
    const laterMs = Date.now() + 310 * dayMs;
    const renewed = await readAuthority(dir, trustDomain, laterMs, silentLog);
    assert.notEqual(renewed.material.issuing, before.material.issuing);
    assert.equal(renewed.material.root, before.material.root);
    assert.ok((await readFile(hubPaths(dir).issuing, "utf8")).endsWith(renewed.material.issuing));
    const authority = new Authority(renewed.material);
    const site = parseSiteId("acme/berlin");
    const leaf = authority.issueAgent({ site, publicKey: newKey(), nowMs: laterMs });
    const issuing = new X509Certificate(renewed.material.issuing);
    assert.ok(new X509Certificate(leaf.certificate).verify(issuing.publicKey));
    assert.ok(issuing.verify(new X509Certificate(before.material.root).publicKey));
  });

  it("goes on without the root key, and says which part is missing", async () => {
    const dir = join(await folder(), "hub");
    const { trustDomain } = await createFolder(dir, wishes, Date.now());
    await rm(hubPaths(dir).rootKey);
    const { material } = await readAuthority(dir, trustDomain, Date.now() + 310 * dayMs, silentLog);
    assert.equal(new Authority(material).trustDomain, trustDomain);
    await rm(hubPaths(dir).issuing);
    await assert.rejects(readAuthority(dir, trustDomain, Date.now(), silentLog), {
      code: "DIRECTORY_INVALID",
    });
  });
});
