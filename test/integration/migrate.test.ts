import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { hubPaths, readHubConfig } from "#hub/config.js";
import { openHubStore } from "#hub/database.js";
import { initHub } from "#hub/init.js";
import { migrateHub, type Target } from "#hub/migrate.js";
import { Federation, pointsPlan } from "../support/federation.js";
import { temporaryFolders } from "../support/folders.js";
import { freePorts } from "../support/hub.js";
import { skipWithoutPostgres, temporaryDatabases } from "../support/stores.js";

describe("a hub whose rows move from SQLite to PostgreSQL and back", function () {
  this.timeout(120_000);
  skipWithoutPostgres();
  const newDatabase = temporaryDatabases();
  const folder = temporaryFolders();

  it("goes on in the middle of a run: same digest, whatever was copied when", async () => {
    const plan = { ...pointsPlan, rounds: 4 };
    const undisturbed = await (async () => {
      await using federation = await Federation.start({ sites: 2 });
      return (await federation.train(plan)).run;
    })();
    const { address } = await newDatabase();
    await using federation = await Federation.start({ sites: 2 });
    const dir = join(federation.dir, "hub");
    const moves = new Map<number, Target>([
      [1, { postgres: address }],
      [3, "sqlite"],
    ]);
    const { run } = await federation.train(plan, async ({ type, round }) => {
      const to = type === "round.started" ? moves.get(round) : undefined;
      if (to === undefined) return;
      moves.delete(round);
      await federation.stop("hub");
      const copied = await migrateHub({ dir, to });
      assert.ok((copied.find(({ table }) => table === "assignments")?.rows ?? 0) > 0);
      assert.deepEqual((await readHubConfig(dir)).database, to === "sqlite" ? undefined : to);
      await federation.up("hub");
    });
    assert.equal(run.state, "completed", run.errorText);
    assert.equal(moves.size, 0);
    assert.equal(run.model?.sha256, undisturbed.model?.sha256);
    assert.ok(existsSync(`${hubPaths(dir).database}.old-1`), "the file of before stays");
  });

  it("leaves all as it was where the new place is none", async () => {
    const [controlPort, agentPort] = await freePorts();
    const dir = join(await folder(), "hub");
    await initHub(dir, { name: "test", names: [], controlPort, agentPort });
    const other = await newDatabase();
    const [control, agents] = await freePorts();
    const wishes = { name: "o", names: [], controlPort: control, agentPort: agents };
    await initHub(join(await folder(), "other"), { ...wishes, database: other.address });
    const { config } = hubPaths(dir);
    const before = await readFile(config, "utf8");
    const to = { postgres: other.address };
    await assert.rejects(migrateHub({ dir, to }), { code: "ALREADY_EXISTS" });
    await assert.rejects(migrateHub({ dir, to: "sqlite" }), { code: "ARGUMENT_INVALID" });
    const running = await openHubStore({ dir, database: undefined });
    const empty = { postgres: (await newDatabase()).address };
    await assert.rejects(migrateHub({ dir, to: empty }), { code: "STORE_BUSY" });
    await running.close();
    assert.equal(await readFile(config, "utf8"), before);

    await migrateHub({ dir, to: empty });
    await (await openHubStore({ dir, database: empty })).close();
    // Its file is not deleted, and cannot be taken for the newer one.
    await assert.rejects(openHubStore({ dir, database: undefined }), { code: "STORE_OLDER" });
  });

  it("switches nothing where the copy differs from what was copied", async () => {
    const [controlPort, agentPort] = await freePorts();
    const dir = join(await folder(), "hub");
    await initHub(dir, { name: "test", names: [], controlPort, agentPort });
    const database = await newDatabase();
    // As a database that alters what it is given.
    await database.query(
      `create function alter_name() returns trigger language plpgsql as $$ begin new.role := 'viewer'; return new; end $$;
       create function hook() returns event_trigger language plpgsql as $$ begin
         if exists (select from pg_event_trigger_ddl_commands() where object_identity = 'public.operators') then
           create trigger alter_it before insert on operators for each row execute function alter_name();
         end if; end $$;
       create event trigger on_table on ddl_command_end when tag in ('CREATE TABLE') execute function hook()`,
    );
    await assert.rejects(migrateHub({ dir, to: { postgres: database.address } }), {
      code: "STORE_DAMAGED",
      message: /the table operators/,
    });
    assert.deepEqual(await database.query("select count(*)::int as n from sites, operators"), [{ n: 0 }]);
    await (await openHubStore({ dir, database: undefined })).close();
  });
});
