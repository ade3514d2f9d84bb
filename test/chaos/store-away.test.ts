import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { sleep } from "#kernel/async.js";
import { Federation, pointsPlan } from "../support/federation.js";
import type { TestDatabase } from "../support/postgres.js";
import { skipWithoutPostgres, temporaryDatabases } from "../support/stores.js";
import { TcpProxy } from "../support/tcp-proxy.js";

/** Longer than the grace and the deadline together: whoever counts the time of an outage gives every site up. */
const outageMs = Number(process.env["COMITY_OUTAGE_MS"] ?? 5_000);
const plan = { ...pointsPlan, rounds: 8, deadline: "4s", grace: "2500ms" };

describe("a hub whose database is away", function () {
  this.timeout(3 * outageMs + 120_000);
  skipWithoutPostgres();
  const newDatabase = temporaryDatabases();

  it("waits for its sites until they could come back, however it was away: same digest", async () => {
    const undisturbed = await (async () => {
      await using federation = await Federation.start({ sites: 2 });
      return (await federation.train(plan)).run;
    })();

    const database = await newDatabase();
    const { hostname: host, port, password } = new URL(database.address);
    await using proxy = await TcpProxy.start({ host, port: Number(port) });
    const throughProxy = Object.assign(new URL(database.address), { port: String(proxy.port) }).href;
    await using federation = await Federation.start({ sites: 2, database: throughProxy });

    const unreachable = async () => {
      proxy.refuse();
      await federation.kill("site-1");
      await sleep(outageMs - 2_000);
      const returning = federation.up("site-1");
      await sleep(2_000);
      await assert.rejects(
        federation.client.listSites(),
        (error: Error) => /database cannot be reached/.test(error.message) && !error.message.includes(host),
      );
      proxy.admit();
      await returning;
    };
    const silent = async () => {
      proxy.freeze();
      await sleep(outageMs);
      proxy.thaw();
    };
    const readOnly = async () => {
      await setReadOnly(database, true);
      await sleep(outageMs);
      await setReadOnly(database, false);
    };
    const outages = [unreachable, silent, readOnly];
    const { run } = await federation.train(plan, async ({ type, round }) => {
      // Before a site has answered, each time.
      if (type !== "round.started" || round % 2 === 1) return;
      await outages.shift()?.();
    });
    assert.equal(run.state, "completed", run.errorText);
    assert.equal(outages.length, 0);
    assert.equal(run.model?.sha256, undisturbed.model?.sha256);
    const log = await federation.log("hub");
    assert.ok(
      (log.match(/the database is back/g) ?? []).length >= 2,
      "one that is silent for a while fails nothing",
    );
    assert.ok(!log.includes(password));
  });
});

/** As the owner of a server may set it; it holds for connections that are made then. */
async function setReadOnly(database: TestDatabase, on: boolean): Promise<void> {
  const name = new URL(database.address).pathname.slice(1);
  await database.query(
    `start transaction read write; alter database ${name} set default_transaction_read_only = ${on}; commit;
     ${on ? "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()" : ""}`,
  );
}
