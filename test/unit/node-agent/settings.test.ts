import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { ComityError } from "#kernel/errors.js";
import { parseSiteId } from "#kernel/ids.js";
import { initialConfig, readAgentConfig } from "#node-agent/config.js";
import { drainDelayMs, isFinal, reconnectDelayMs } from "#node-agent/session/reconnect.js";
import { temporaryFolders } from "../../support/folders.js";

const site = parseSiteId("acme/berlin");

describe("node-agent/config", () => {
  const folder = temporaryFolders();

  async function read(text: string) {
    const dir = join(await folder(), "agent");
    await mkdir(dir);
    await writeFile(join(dir, "agent.yaml"), text);
    return await readAgentConfig(dir);
  }

  it("reads what joining writes, with a proxy and an IPv6 address", async () => {
    const values = { hub: "[::1]:7443", agentAddress: "hub.example.org:7444", site };
    const config = await read(initialConfig({ ...values, proxy: "http://u:p%40@proxy:3128" }));
    assert.equal(config.hub, "[::1]:7443");
    assert.equal(config.proxy, "http://u:p%40@proxy:3128");
    assert.equal(config.concurrency, 1);
    assert.equal((await read(initialConfig(values))).proxy, undefined);
  });

  it("names the line and the allowed values of every fault", async () => {
    const text = "hub: nowhere\nagentAddress: hub:7444\nsite: Acme\nbackend: gpu\npolicy: { maxRound: 3 }\n";
    await assert.rejects(read(text), (error: unknown) => {
      assert.ok(error instanceof ComityError);
      assert.equal(error.code, "CONFIG_INVALID");
      const lines = error.message.split("\n");
      for (const [place, word] of [
        ["agent.yaml:1:", "is no address"],
        ["agent.yaml:3:", "organisation/site"],
        ["agent.yaml:4:", "tensorflow, wasm, cpu"],
        ["agent.yaml:5:", "maxRound"],
      ] as const) {
        assert.ok(
          lines.some((line) => line.includes(place) && line.includes(word)),
          `${place} ${word} in\n${error.message}`,
        );
      }
      return true;
    });
  });
});

describe("node-agent/reconnect", () => {
  it("waits at most a quarter of the outage, within 100 ms and 5 s", () => {
    assert.equal(reconnectDelayMs(0, 1), 100);
    assert.equal(reconnectDelayMs(2000, 1), 500);
    assert.equal(reconnectDelayMs(3_600_000, 1), 5000);
    assert.equal(reconnectDelayMs(3_600_000, 0), 0);
    for (let time = 0; time < 100; time++) assert.ok(reconnectDelayMs(1000) <= 250);
  });

  it("stays away as long as the hub asks for, and little longer", () => {
    assert.equal(drainDelayMs(400, 0), 400);
    assert.equal(drainDelayMs(400, 1), 500);
  });

  it("gives up where waiting cures nothing, and only there", () => {
    assert.ok(isFinal("SITE_REVOKED") && isFinal("SESSION_REPLACED") && isFinal("PROTOCOL_UNSUPPORTED"));
    assert.ok(!isFinal("HUB_UNREACHABLE") && !isFinal("HUB_DRAINING") && !isFinal("INTERNAL"));
  });
});
