import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, it } from "mocha";
import { ComityError } from "#kernel/errors.js";
import { ControlService, listMethods, ResultsService } from "#proto/rpc/definitions.js";
import { addHealth, type Health, healthMethods } from "#proto/rpc/health.js";
import { bearerToken } from "#proto/rpc/principal.js";
import { addReflection, reflectionMethods } from "#proto/rpc/reflection.js";
import { temporaryFolders } from "../support/folders.js";
import { authority, testListeners } from "../support/rpc.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

describe("a listener and the tools of others", () => {
  const listen = testListeners();
  const folder = temporaryFolders();
  let health: Health;

  /** A hub with health and reflection, open to anyone; its own methods need the token `ada`. */
  const hub = () =>
    listen(
      (listener) => {
        listener.addSome(ControlService, {
          GetHub: () => Promise.resolve({ name: "the hub", startedAtMs: 12 }),
          async *WatchRun({ runId }) {
            yield { runId, seq: 1, type: "run.started" };
            await Promise.resolve();
            yield { runId, seq: 2, type: "run.completed" };
          },
        });
        health = addHealth(listener, [ControlService.name]);
        addReflection(listener, [ControlService.name, ResultsService.name, "grpc.health.v1.Health"]);
      },
      {
        authorise(method, { metadata }) {
          if (!method.startsWith("/comity.")) return { kind: "anyone" };
          if (bearerToken(metadata) === "ada") return { kind: "operator", name: "ada", role: "viewer" };
          throw new ComityError("UNAUTHENTICATED", "Your token is not known here.", { hint: "Ask for one." });
        },
      },
    );

  /** Calls with `buf curl` and gives back what it printed. */
  async function bufCurl(address: string, path: string, ...flags: string[]): Promise<string> {
    const ca = join(await folder(), "root.pem");
    await writeFile(ca, authority.root);
    const args = ["curl", "--cacert", ca, "--protocol", "grpc", ...flags, `https://${address}${path}`];
    const { stdout } = await run(join(root, "node_modules/.bin/buf"), args, {
      env: { ...process.env, HTTPS_PROXY: "", https_proxy: "", BUF_CACHE_DIR: await folder() },
    });
    return stdout;
  }

  it("lists its services by reflection, in both versions", async () => {
    const { address } = await hub();
    for (const version of ["grpc-v1", "grpc-v1alpha"]) {
      const listed = await bufCurl(address, "", "--list-services", "--reflect-protocol", version);
      assert.deepEqual(listed.trim().split("\n").sort(), [
        "comity.v1.Control",
        "comity.v1.Results",
        "grpc.health.v1.Health",
      ]);
    }
  });

  it("answers `buf curl`: a unary call, a stream, health", async () => {
    const { address } = await hub();
    const token = ["-H", "Authorization: Bearer ada"];
    const reply: unknown = JSON.parse(await bufCurl(address, "/comity.v1.Control/GetHub", ...token));
    assert.deepEqual(reply, { name: "the hub", startedAtMs: "12" });
    const events = await bufCurl(address, "/comity.v1.Control/WatchRun", ...token, "-d", '{"run_id":"r"}');
    assert.deepEqual(events.match(/run\.\w+/g), ["run.started", "run.completed"]);
    const check = async () => JSON.parse(await bufCurl(address, "/grpc.health.v1.Health/Check")) as unknown;
    assert.deepEqual(await check(), { status: "NOT_SERVING" });
    health.set(true);
    assert.deepEqual(await check(), { status: "SERVING" });
  });

  it("tells `buf curl` why a call was refused", async () => {
    const { address } = await hub();
    await assert.rejects(bufCurl(address, "/comity.v1.Control/GetHub"), (error) => {
      const { stderr } = error as { stderr: string };
      assert.match(stderr, /unauthenticated/);
      return stderr.includes("Your token is not known here.");
    });
  });

  it("knows all its methods, so that a table of rights can be held against them", async () => {
    const { listener } = await hub();
    assert.deepEqual(
      listener.methods,
      [
        "/comity.v1.Control/GetHub",
        "/comity.v1.Control/WatchRun",
        ...healthMethods,
        ...reflectionMethods,
      ].sort(),
    );
    assert.equal(listMethods([ResultsService]).length, 6);
  });
});
