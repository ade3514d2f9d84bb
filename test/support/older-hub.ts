import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { HubClient } from "#client/connect.js";
import { readProfile } from "#client/profile.js";
import { hubPaths } from "#hub/config.js";
import { initHub, writeAdminProfile } from "#hub/init.js";
import { startHub } from "#hub/main.js";
import { isList, type Json } from "#kernel/json.js";
import { createLog } from "#kernel/log.js";
import { Database } from "#kernel/sqlite.js";
import { freePorts, joinSite, type LogLine, TestHub } from "./hub.js";
import { type Script, ScriptedSite } from "./scripted-site.js";
import { ended } from "./training.js";

/** The sites of the hubs that older releases have left, see test/data. */
export const scripts: readonly Script[] = [
  { site: "acme/one", number: 1, rows: 100, datasets: ["digits", "letters"] },
  { site: "acme/two", number: 2, rows: 70, datasets: ["digits", "letters"] },
  { site: "zeta/three", number: 3, rows: 30, datasets: ["letters"] },
];

/** What is to be seen of a run from outside, without times and ids, which no two runs have in common. */
export interface Seen {
  readonly state: string;
  readonly errorCode: string;
  readonly output: Json;
  readonly rounds: readonly Json[];
  readonly versions: readonly Json[];
  readonly result: Json;
  /** The feed as the older hub has left it. */
  readonly feed: readonly string[];
  /** What the sites were asked, once for each attempt, in the order of rounds and sites. */
  readonly offers: readonly string[];
  /** The bodies of those offers, each once, by the names that `offers` has for them. */
  readonly work: Readonly<Record<string, string>>;
}

/**
 * A hub with new keys over the rows and blobs that an older release has left in a folder: `hub.db.gz` and `blobs`. Keys, certificates
 * and tokens are never kept in test data, so that the sites have to join anew.
 */
export async function openOlderHub(folder: string): Promise<TestHub> {
  const home = await mkdtemp(join(tmpdir(), "comity-hub-"));
  try {
    const [controlPort, agentPort] = await freePorts();
    await initHub(home, { name: "test", names: [], controlPort, agentPort });
    const paths = hubPaths(home);
    // No store of that time had an identity.
    await Promise.all([paths.store, paths.blobStore].map((path) => rm(path)));
    for (const suffix of ["", "-wal", "-shm"]) await rm(`${paths.database}${suffix}`, { force: true });
    await writeFile(paths.database, await databaseIn(folder));
    tellCapabilities(paths.database);
    await copyFiles(join(folder, "blobs"), paths.blobs);
    await copyFiles(join(folder, "blobs", "incoming"), join(paths.blobs, "incoming"));
    const profile = await readProfile(await writeAdminProfile(home));
    const lines: LogLine[] = [];
    const log = createLog("hub", "debug", { write: (line) => void lines.push(JSON.parse(line) as LogLine) });
    return new TestHub({ dir: home, profile, lines, running: await startHub({ dir: home, log }) });
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

/** The agents of release 0.1 told what they can do; the scripted sites of the recording were silent about it. */
function tellCapabilities(path: string): void {
  const database = new Database(path);
  try {
    database.prepare("update sites set capabilities = ?").run(JSON.stringify(["train", "evaluate"]));
  } finally {
    database.close();
  }
}

async function copyFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true }))
    if (entry.isFile()) await copyFile(join(from, entry.name), join(to, entry.name));
}

const databaseIn = async (folder: string): Promise<Buffer> =>
  gunzipSync(await readFile(join(folder, "hub.db.gz")));

/** How many lines the feed of each run had when the older hub left it. */
async function feedsIn(folder: string): Promise<ReadonlyMap<string, number>> {
  const database = new Database(await databaseIn(folder));
  try {
    const rows = database
      .prepare<[], { run_id: string; length: number; at_ms: number }>(
        "select run_id, count(*) as length, max(at_ms) as at_ms from run_events group by run_id",
      )
      .all();
    // A timer of theirs would fire when that day comes.
    if (rows.some((row) => row.at_ms > Date.now())) throw new Error("The clock of this machine is wrong.");
    return new Map(rows.map(({ run_id: runId, length }) => [runId, length]));
  } finally {
    database.close();
  }
}

/** Has the sites join and play. */
export async function connectSites(hub: TestHub): Promise<readonly ScriptedSite[]> {
  const sites: ScriptedSite[] = [];
  for (const script of scripts)
    sites.push(await new ScriptedSite(script, await joinSite(hub, script.site)).connect());
  return sites;
}

/** Lets every run come to its end, a paused one too. What is to be seen of each then, by its name. */
export async function finish(
  hub: TestHub,
  folder: string,
  sites: readonly ScriptedSite[],
): Promise<Record<string, Seen>> {
  const { admin } = hub;
  const feeds = await feedsIn(folder);
  const { runs } = await admin.listRuns(1000);
  for (const { runId, state } of runs) if (state === "paused") await admin.resumeRun({ runId });
  const seen: Record<string, Seen> = {};
  for (const { runId, name } of runs.toSorted((a, b) => compare(a.name, b.name))) {
    await ended(hub, runId);
    seen[name] = await see(admin, runId, sites, feeds.get(runId) ?? 0);
  }
  return seen;
}

async function see(
  admin: HubClient,
  runId: string,
  sites: readonly ScriptedSite[],
  feed: number,
): Promise<Seen> {
  const run = await admin.getRun(runId);
  const { rounds, ...result } = await admin.getResult(runId);
  return {
    state: run.state,
    errorCode: run.errorCode,
    output: untimed(run.outputJson === "" ? null : (JSON.parse(run.outputJson) as Json)),
    rounds: run.rounds.map(({ round, state, base, model, samples, metrics, assignments }) => ({
      ...{ round, state, base: base?.sha256 ?? "", model: model?.sha256 ?? "", samples, metrics },
      assignments: assignments.map((one) =>
        [one.kind, one.site, one.state, one.attempt, one.samples, one.reasonCode, one.updateSha256].join(" "),
      ),
    })),
    versions: await versionsOf(admin, runId),
    result: {
      ...{ state: result.state, metrics: result.metrics, errorCode: result.errorCode },
      ...{ model: `${result.model}:${result.modelVersion}`, sha256: result.blob?.sha256 ?? "" },
      rounds: rounds.map(({ round, sites: count, samples, metrics }) => ({
        ...{ round, sites: count, samples, metrics },
      })),
    },
    feed: await feedOf(admin, runId, feed),
    ...askedFor(runId, sites),
  };
}

async function versionsOf(admin: HubClient, runId: string): Promise<Json[]> {
  const { models } = await admin.listModels();
  return models.flatMap((series) =>
    series.versions
      .filter((version) => version.runId === runId)
      .map(({ version, round, parent, metrics, sites, blob }) => ({
        ...{ model: `${series.model}:${version}`, round, parent, metrics, sites },
        sha256: blob?.sha256 ?? "",
      })),
  );
}

/** The first `length` lines of what was told of a run that is over. */
async function feedOf(admin: HubClient, runId: string, length: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const { seq, type, round, site, text } of admin.watchRun(runId))
    lines.push(`${seq} ${type} ${round} ${site} ${text}`);
  return lines.slice(0, length);
}

function askedFor(runId: string, sites: readonly ScriptedSite[]): Pick<Seen, "offers" | "work"> {
  const names = new Map<string, string>();
  const offers = sites
    .flatMap((site) => site.offers.map((offer) => ({ ...offer, site: site.name })))
    .filter((offer) => offer.runId === runId)
    .toSorted((a, b) => a.round - b.round || compare(b.kind, a.kind) || compare(a.site, b.site))
    .map(({ site, kind, round, attempt, workJson, base }) => {
      const name = names.get(workJson) ?? `${kind} ${names.size + 1}`;
      names.set(workJson, name);
      return `round ${round} ${site} attempt ${attempt} from ${base?.sha256 ?? ""}: ${name}`;
    });
  return { offers, work: Object.fromEntries([...names].map(([body, name]) => [name, body])) };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** How long a training took is another thing each time. */
function untimed(output: Json): Json {
  if (typeof output !== "object" || output === null || isList(output)) return output;
  return Object.fromEntries(Object.entries(output).filter(([key]) => key !== "seconds"));
}
