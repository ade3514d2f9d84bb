import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { joinHub } from "#node-agent/main.js";
import { temporaryFolders } from "../support/folders.js";
import { startTestHub } from "../support/hub.js";

describe("a site that was revoked, or away for too long", () => {
  const folder = temporaryFolders();

  it("joins again in its own folder with a new token and a new key; its configuration stays", async () => {
    await using hub = await startTestHub();
    const dir = join(await folder(), "agent");
    const invite = async () => (await hub.admin.inviteSite({ site: "acme/berlin" })).token;
    const read = (name: string) => readFile(join(dir, name), "utf8");

    await joinHub({ token: await invite(), dir });
    const [identity, config] = [await read("identity.pem"), await read("agent.yaml")];
    await hub.admin.revokeSite({ site: "acme/berlin", reason: "the machine was stolen" });
    const token = await invite();
    await joinHub({ token, dir });
    const renewed = await read("identity.pem");
    const keyOf = (text: string) => text.slice(0, text.indexOf("-----END PRIVATE KEY-----"));
    assert.notEqual(keyOf(renewed), keyOf(identity));
    assert.equal(await read("agent.yaml"), config);

    // The same token again, as after a lost reply: the same key and certificate.
    await joinHub({ token, dir });
    assert.equal(await read("identity.pem"), renewed);
  });
});
