import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { JsonObject } from "#kernel/json.js";
import { silentLog } from "#kernel/log.js";
import type { DatasetConfigInput } from "#node-agent/data/config.js";
import { openDatasets } from "#node-agent/data/datasets.js";
import { datasetsConfigSchema } from "#node-agent/data/datasets-config.js";
import { joinHub, type RunningAgent, startAgent } from "#node-agent/main.js";
import { policySchema } from "#node-agent/policy/rules.js";
import { createSteps } from "#node-agent/steps/index.js";
import type { Step } from "#node-agent/steps/step.js";
import type { TestHub } from "./hub.js";
import { ended } from "./training.js";

/** What a site has. */
interface SiteData {
  /** The text of its one data file. */
  readonly csv: string;
  readonly dataset: Omit<DatasetConfigInput, "path">;
  /** Its own rules, where they are not the usual ones. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** What its agent does, of all that it can. */
  readonly only?: (step: Step) => Step | undefined;
}

/** A site that has joined a hub, with an agent in this process that works on real rows. */
export interface DataSite {
  readonly dir: string;
  readonly agent: RunningAgent;
  /** Another text for its data file. */
  rewrite(csv: string): Promise<void>;
}

/** Joins a site and starts its agent; it ends with the hub. TensorFlow is loaded by the first training only. */
export async function joinWithData(
  hub: TestHub,
  site: string,
  { csv, dataset, policy = {}, only = (step) => step }: SiteData,
): Promise<DataSite> {
  const dir = await mkdtemp(join(tmpdir(), "comity-site-"));
  hub.onEnd(() => rm(dir, { recursive: true, force: true }));
  const { token } = await hub.admin.inviteSite({ site });
  await joinHub({ token, dir });
  const rewrite = (text: string) => writeFile(join(dir, "rows.csv"), text);
  await rewrite(csv);
  const datasets = [{ ...dataset, path: "rows.csv" }];
  const path = join(dir, "agent.yaml");
  const config = parse(await readFile(path, "utf8")) as Record<string, unknown>;
  await writeFile(path, stringify({ ...config, datasets, policy }));
  const { minCell } = policySchema.parse(policy);
  const opened = openDatasets(datasetsConfigSchema.parse(datasets), dir);
  const own = createSteps({ datasets: opened, backend: undefined, minCell, log: silentLog });
  const steps = own.steps.flatMap((step) => only(step) ?? []);
  const agent = await startAgent({ dir, log: silentLog, steps });
  hub.onEnd(async () => {
    await agent.stop();
    await own.close();
  });
  return { dir, agent, rewrite };
}

/** Waits until the hub knows the data of so many sites. */
export async function sitesReady(hub: TestHub, count: number): Promise<void> {
  const known = async () =>
    (await hub.admin.listSites()).sites.filter(({ datasets }) => datasets.length > 0).length;
  while ((await known()) < count);
}

/** Starts a query of the hub's sites; the argument as a workflow writes it. */
export const startQuery = (hub: TestHub, argument: JsonObject) =>
  hub.admin.startRun({
    workflowSource: JSON.stringify({
      document: { dsl: "1.0.3", namespace: "test", name: "query", version: "1.0.0" },
      do: [{ ask: { call: "fed.query:1.0.0@default", with: argument } }],
    }),
  });

/** The output of a query that must succeed. */
export async function queryOutput(hub: TestHub, argument: JsonObject): Promise<unknown> {
  const { runId } = await startQuery(hub, argument);
  const run = await ended(hub, runId);
  assert.equal(run.state, "completed", run.errorText);
  return JSON.parse(run.outputJson) as unknown;
}
