import assert from "node:assert/strict";
import { copyFile, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { parse, stringify } from "yaml";
import { Child } from "#cli/demo/child.js";
import { connectHub } from "#client/connect.js";
import { readProfile } from "#client/profile.js";
import { hubPaths } from "#hub/config.js";
import { initHub } from "#hub/init.js";
import { startHub } from "#hub/main.js";
import { hashFile } from "#kernel/files.js";
import { silentLog } from "#kernel/log.js";
import { comity } from "../support/cli.js";
import { Federation, pointsPlan } from "../support/federation.js";
import { temporaryFolders } from "../support/folders.js";
import { freePorts } from "../support/hub.js";
import { skipWithoutPostgres, temporaryDatabases } from "../support/stores.js";

/** Large enough that its models are files. */
const plan = { ...pointsPlan, rounds: 2, model: { ...pointsPlan.model, hidden: [4000] } };

/** The digests in a folder of blobs, sorted. */
const digestsIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/.test(name)).toSorted();

/** How a start of a hub was refused: with exit code 10, by a code. */
async function refused(dir: string): Promise<string> {
  const { code, stderr } = await comity(["hub", "start", dir]);
  assert.equal(code, 10, stderr);
  return /^error (\w+):/m.exec(stderr)?.[1] ?? stderr;
}

describe("a hub whose database is not there, or is not its own", function () {
  this.timeout(180_000);
  const newDatabase = temporaryDatabases();

  it("deletes no blob, whatever lies where its database was", async () => {
    await using federation = await Federation.start({ sites: 2 });
    const dir = join(federation.dir, "hub");
    const paths = hubPaths(dir);
    const start = async (...words: string[]) => {
      const child = Child.start("hub", ["hub", "start", dir, ...words], join(federation.dir, "hub.log"));
      await child.ready(new AbortController().signal);
      return child;
    };
    const newest = async () => {
      const { models } = await federation.client.listModels();
      return models[0]?.versions.map(({ blob }) => blob?.sha256).at(-1) ?? "none";
    };

    const first = await federation.train(plan);
    assert.equal(first.run.state, "completed");
    await federation.stop("hub");
    await copyFile(paths.database, `${paths.database}.older`);
    await federation.up("hub");
    const second = await federation.train({ ...plan, seed: 8 });
    assert.equal(second.run.state, "completed");
    await federation.stop("hub");
    const blobs = await digestsIn(paths.blobs);
    assert.ok(blobs.length >= 6, `${blobs.length} models`);

    await rename(paths.database, `${paths.database}.newer`);
    assert.equal(await refused(dir), "STORE_MISSING");
    assert.ok(!(await readdir(dir)).includes("hub.db"), "none is made anew");
    assert.deepEqual(await digestsIn(paths.blobs), blobs);

    await copyFile(`${paths.database}.older`, paths.database);
    assert.equal(await refused(dir), "STORE_OLDER");
    assert.deepEqual(await digestsIn(paths.blobs), blobs);

    const accepting = await start("--accept-older");
    await assert.rejects(federation.client.getRun(second.run.runId), { code: "RUN_NOT_FOUND" });
    assert.equal((await federation.client.getRun(first.run.runId)).state, "completed");
    await accepting.stop(10_000);
    const aside = await digestsIn(join(paths.blobs, "quarantine"));
    assert.deepEqual([...(await digestsIn(paths.blobs)), ...aside].toSorted(), blobs);
    assert.ok(aside.length > 0);
    assert.match(await readFile(join(federation.dir, "hub.log"), "utf8"), new RegExp(aside[0] ?? "no blob"));

    await rename(`${paths.database}.newer`, paths.database);
    assert.equal(await refused(dir), "STORE_OLDER", "the other one has been gone on with");
    const back = await start("--accept-older");
    assert.deepEqual(await digestsIn(paths.blobs), blobs, "they are wanted again");
    const model = join(federation.dir, "model.safetensors");
    await federation.client.downloadModel("points", 0, model);
    assert.equal(await hashFile(model), await newest());
    await back.stop(10_000);
  });

  describe("on PostgreSQL", () => {
    skipWithoutPostgres();
    const folder = temporaryFolders();

    const newHub = async (database?: string) => {
      const dir = join(await folder(), "hub");
      const [controlPort, agentPort] = await freePorts();
      const wishes = { name: "test", names: [], controlPort, agentPort, ...(database && { database }) };
      const { profilePath } = await initHub(dir, wishes);
      return { dir, profile: await readProfile(profilePath) };
    };
    const configure = async (dir: string, postgres: string) => {
      const { config } = hubPaths(dir);
      await writeFile(
        config,
        stringify({ ...(parse(await readFile(config, "utf8")) as object), database: { postgres } }),
      );
    };

    it("does not start on an empty one, nor on another hub's", async () => {
      const [own, other] = [await newDatabase(), await newDatabase()];
      const [{ dir }, sqlite] = [await newHub(own.address), await newHub()];
      await newHub(other.address);
      await configure(sqlite.dir, (await newDatabase()).address);
      assert.equal(await refused(sqlite.dir), "STORE_MISSING");
      await configure(dir, other.address);
      assert.equal(await refused(dir), "STORE_FOREIGN");
      await configure(sqlite.dir, other.address);
      assert.equal(await refused(sqlite.dir), "STORE_FOREIGN");
    });

    it("ends when it is replaced by its copy from before under the running hub", async () => {
      const database = await newDatabase();
      const { dir, profile } = await newHub(database.address);
      const older = await database.copy();
      const hub = await startHub({ dir, log: silentLog });
      const admin = connectHub(profile);
      try {
        for (let at = 0; at < 3; at++) await admin.inviteSite({ site: `acme/a${at}` });
        await database.replaceBy(older);
        await assert.rejects(hub.ended, {
          code: "STORE_OLDER",
          message: /replaced by an older copy: \d+ changes/,
        });
        await assert.rejects(admin.inviteSite({ site: "acme/late" }));
        assert.deepEqual(await database.query("select site from sites"), []);
      } finally {
        admin.close();
        await hub.stop().catch(() => undefined);
      }
      await assert.rejects(startHub({ dir, log: silentLog }), { code: "STORE_OLDER" });
    });
  });
});
