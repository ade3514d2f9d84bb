import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { readBundle, writeBundle } from "#certs/bundle.js";
import { TestAuthority } from "../../support/tls.js";

describe("certs/bundle", () => {
  const ours = new TestAuthority();
  let directory = "";
  let path = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "comity-bundle-"));
    path = join(directory, "identity.pem");
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("keeps key, chain and root in one file for its owner only", async () => {
    assert.equal(await readBundle(path), undefined);
    const identity = ours.agent();
    const written = await writeBundle(path, identity);
    assert.deepEqual(await readBundle(path), written);
    assert.equal(written.key, identity.key);
    assert.equal(written.chain, identity.chain);
    assert.equal(written.root, ours.root);
    assert.ok(written.notBeforeMs < Date.now() && Date.now() < written.notAfterMs);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const next = ours.agent();
    await writeBundle(path, next);
    assert.equal((await readBundle(path))?.key, next.key);
    assert.deepEqual(await readdir(directory), ["identity.pem"]);
  });

  it("gives an expired identity back: it is what asks for a new one", async () => {
    await writeBundle(path, ours.agent("acme/berlin", { nowMs: Date.now() - 2 * 86_400_000 }));
    assert.ok(((await readBundle(path))?.notAfterMs ?? Infinity) < Date.now());
  });

  it("writes nothing when the parts do not belong together", async () => {
    const identity = ours.agent();
    await writeBundle(path, identity);
    const before = await readFile(path, "utf8");
    for (const bad of [
      { ...identity, key: ours.agent().key },
      { ...identity, root: new TestAuthority().root },
      { ...identity, chain: "" },
      { ...identity, chain: identity.chain.slice(0, 400) },
      { ...identity, root: "" },
      { ...identity, key: "" },
    ]) {
      await assert.rejects(writeBundle(path, bad), { code: "CERTIFICATE_INVALID" });
    }
    assert.equal(await readFile(path, "utf8"), before);
  });

  it("does not read a file that was cut, mixed or emptied, and names it", async () => {
    const identity = ours.agent();
    const { key } = ours.agent();
    const whole = identity.key + identity.chain + identity.root;
    for (const text of [
      "",
      "x",
      whole.slice(0, -40),
      whole.slice(100),
      key + identity.chain + identity.root,
      key + whole,
    ]) {
      await writeFile(path, text);
      await assert.rejects(readBundle(path), { code: "CERTIFICATE_INVALID", message: /identity\.pem/ });
    }
  });
});
