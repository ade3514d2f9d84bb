import pg from "pg";
import { readPostgresAddress } from "#hub/store/postgres-address.js";
import { type PostgresServer, startPostgres } from "#test/support/postgres-server.js";
import { measureApart } from "./apart.js";
import type { Bench } from "./bench.js";
import { measureDbos } from "./dbos.js";
import { EngineLoad, echo, loopOf, type Place, trivial } from "./engine-load.js";
import { type Figure, type Measured, median } from "./figure.js";

const inFlight = 50;
const turns = 100;
/** More measurements are begun within this time only, so that a slow machine comes to an end too. */
const budgetMs = 20_000;

/** How fast the engine goes, and how much of that is left where each step has an expression that only jq understands. */
export interface Rates {
  readonly plain: readonly number[];
  /** Milliseconds of processor time for a transition, without those of the database's own processes. */
  readonly cpuMs: number;
  readonly jq: number;
}

/** What in-process evaluation does not know: `reduce`. */
const withJq = `        - step: { call: "${echo}", with: { n: "\${ reduce range(3) as $i (0; . + $i) }" } }\n`;

/** Measures {@link Rates} on a database. */
export async function measureRates(place: Place): Promise<Rates> {
  await using load = await EngineLoad.open(place, "rates");
  // The compiler of JavaScript is still at work.
  await load.run(loopOf(turns, trivial), inFlight);
  const plain: number[] = [];
  const cpuMs: number[] = [];
  for (const endMs = performance.now() + budgetMs; plain.length < 5 && performance.now() < endMs; ) {
    const { perSecond, cpuSeconds, transitions } = await load.run(loopOf(turns, trivial), inFlight);
    plain.push(perSecond);
    cpuMs.push((cpuSeconds * 1000) / transitions);
  }
  const { perSecond: jq } = await load.run(loopOf(turns / 5, withJq), inFlight);
  return { plain, cpuMs: median(cpuMs), jq };
}

function told({ plain, cpuMs, jq }: Rates): string {
  const [low, high] = [Math.min(...plain), Math.max(...plain)].map((rate) => rate.toFixed(0));
  return `${plain.length} times ${inFlight} runs of ${turns} steps, ${low} to ${high}, ${cpuMs.toFixed(2)} ms of processor time a transition; with an expression for jq in each step ${jq.toFixed(0)}`;
}

/** Durable transitions a second on SQLite. */
export const transitionsSqlite: Figure = {
  id: "transitions-sqlite",
  what: `durable transitions, SQLite FULL, ${inFlight} runs in flight`,
  unit: "/s",
  reach: 3000,
  sense: "at least",
  comparison: "OpenWorkflow 0.10 on SQLite: 319 steps/s",
  async measure(bench) {
    const measured = await measureApart<Rates>(bench, "rates");
    return { value: median(measured.plain), detail: told(measured) };
  },
};

/** The same on PostgreSQL, and DBOS Transact beside it. */
export const transitionsPostgres: Figure = {
  id: "transitions-postgres",
  what: `durable transitions, PostgreSQL, ${inFlight} runs in flight; more than DBOS Transact on the same server`,
  unit: "/s",
  reach: 1500,
  sense: "at least",
  comparison: "DBOS Transact, measured in the same run",
  async measure(bench) {
    const server = await startPostgres();
    if (typeof server === "string") return { value: Number.NaN, detail: `not measured: ${server}` };
    try {
      return await onServer(bench, server);
    } finally {
      await server.stop();
    }
  },
};

async function onServer(bench: Bench, server: PostgresServer): Promise<Measured> {
  const measured = await measureApart<Rates>(bench, "rates", await database(server, "comity_bench"));
  const value = median(measured.plain);
  const detail = told(measured);
  const dbos = await measureDbos(bench, await database(server, "dbos_bench"), {
    workflows: inFlight,
    steps: 20,
  });
  if ("missing" in dbos) return { value, detail: `${detail}; no comparison, DBOS Transact: ${dbos.missing}` };
  const { stepsPerSecond, version } = dbos;
  return {
    value,
    detail: `${detail}; DBOS Transact ${version}: ${stepsPerSecond.toFixed(0)} steps/s`,
    ...(value <= stepsPerSecond && { missed: "DBOS Transact is faster here." }),
  };
}

/** An empty database, also where one of an earlier run was left. Returns its address. */
async function database({ address, database: owner }: PostgresServer, name: string): Promise<string> {
  const client = new pg.Client((await readPostgresAddress(`${address}/${owner}`)).client);
  await client.connect();
  try {
    await client.query(`drop database if exists ${name} with (force)`);
    await client.query(`create database ${name} template template0`);
  } finally {
    await client.end();
  }
  return `${address}/${name}`;
}
