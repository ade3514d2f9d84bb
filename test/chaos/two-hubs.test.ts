import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { parse, stringify } from "yaml";
import { Child } from "#cli/demo/child.js";
import { type HubConfig, hubPaths, readHubConfig } from "#hub/config.js";
import { Federation, pointsPlan } from "../support/federation.js";
import { skipWithoutPostgres, temporaryDatabases } from "../support/stores.js";
import { TcpProxy } from "../support/tcp-proxy.js";

const plan = { ...pointsPlan, rounds: 12 };

/** Where the second hub listens: the same ports on what stands for another machine. */
const secondHost = "127.0.0.2";

describe("two hubs that take themselves for the one", function () {
  this.timeout(180_000);
  skipWithoutPostgres();
  const newDatabase = temporaryDatabases();

  it("bring a run to the same end as one hub: who has lost the seat stops at once, and the other goes on", async () => {
    const undisturbed = await (async () => {
      await using federation = await Federation.start({ sites: 2 });
      return (await federation.train(plan)).run;
    })();

    const database = await newDatabase();
    const { hostname: host, port } = new URL(database.address);
    await using proxy = await TcpProxy.start({ host, port: Number(port) });
    const throughProxy = Object.assign(new URL(database.address), { port: String(proxy.port) }).href;
    await using federation = await Federation.start({ sites: 2, database: throughProxy });
    const dir = join(federation.dir, "hub");
    const config = await readHubConfig(dir);

    const takeOver = async () => {
      await reconfigure(dir, (given) => ({
        ...given,
        database: { postgres: database.address },
        control: { ...given.control, host: secondHost },
        agents: { ...given.agents, host: secondHost },
      }));
      const second = Child.start("second", ["hub", "start", dir], join(federation.dir, "second.log"));
      federation.endsWith(() => second.stop(10_000));
      // It waits for the seat by now: the server takes the first one for gone, whose machine is not told.
      while (!(await isWaiting(database))) assert.ok(second.running, "it must wait for the seat");
      proxy.hideEnds();
      await database.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen%'",
      );
      // The name leads to the second machine as soon as the first has left.
      for (const which of ["control", "agents"] as const) {
        const to = { host: secondHost, port: config[which].port };
        const name = await TcpProxy.start(to, { host: "127.0.0.1", port: to.port });
        federation.endsWith(() => name[Symbol.asyncDispose]());
      }
      await second.ready(new AbortController().signal);
    };
    let taken = false;
    const { run, events } = await federation.train(plan, async ({ type }) => {
      if (taken || type !== "assignment.delivered") return;
      taken = true;
      await takeOver();
    });
    assert.equal(run.state, "completed", run.errorText);
    assert.ok(taken);
    assert.equal(run.model?.sha256, undisturbed.model?.sha256);
    assert.deepEqual(
      run.rounds.map(({ round, state }) => [round, state]),
      undisturbed.rounds.map(({ round, state }) => [round, state]),
    );
    assert.equal(events.filter(({ type }) => type === "hub.resumed").length, 1, "the second one has it");
    assert.match(await federation.log("hub"), /error STORE_BUSY: Another hub/);
  });
});

async function reconfigure(dir: string, change: (config: HubConfig) => HubConfig): Promise<void> {
  const path = hubPaths(dir).config;
  await writeFile(path, stringify(change(parse(await readFile(path, "utf8")) as HubConfig)));
}

/** Whether a hub waits for the seat; writers wait for another lock. */
async function isWaiting(database: { query(sql: string): Promise<unknown[]> }): Promise<boolean> {
  const waiting = await database.query(
    "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%pg_advisory_lock(%' and datname = current_database()",
  );
  return waiting.length > 0;
}
