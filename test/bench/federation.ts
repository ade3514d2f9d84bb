import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { freePort } from "#cli/free-port.js";
import { connectHub, type HubClient } from "#client/connect.js";
import { readProfile } from "#client/profile.js";
import type { PlanInput } from "#hub/federated/functions/train.js";
import { trainingWorkflow } from "#hub/federated/training-workflow.js";
import { initHub } from "#hub/init.js";
import type { Workflow } from "#hub/workflow/definition/model.js";
import { sleep } from "#kernel/async.js";
import { joinHub } from "#node-agent/main.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import type { Bench } from "./bench.js";
import type { BenchChild } from "./child.js";
import { level } from "./levels.js";

const comity = new URL("../../cli/main.js", import.meta.url);
const levelsHub = new URL("./hub.js", import.meta.url);
const agentScript = new URL("./agent.js", import.meta.url);

/** Agents that start at the same time: more would only wait for each other. */
const atOnce = 4;

/** A hub in its folder, made by `initHub`, and its process. */
export class BenchHub {
  readonly #bench: Bench;
  readonly dir: string;
  readonly client: HubClient;
  readonly #knowsLevels: boolean;
  #process: BenchChild | undefined;

  private constructor(bench: Bench, dir: string, client: HubClient, knowsLevels: boolean) {
    this.#bench = bench;
    this.dir = dir;
    this.client = client;
    this.#knowsLevels = knowsLevels;
  }

  /** A new hub that runs; `knowsLevels`: with the function of levels.ts besides its own, see hub.ts. */
  static async start(bench: Bench, knowsLevels = false): Promise<BenchHub> {
    const dir = await bench.folder("hub");
    const ports = { controlPort: await freePort(), agentPort: await freePort() };
    const { profilePath } = await initHub(dir, { name: "bench", names: [], ...ports });
    const hub = new BenchHub(bench, dir, connectHub(await readProfile(profilePath)), knowsLevels);
    await hub.startProcess();
    return hub;
  }

  get process(): BenchChild {
    if (this.#process === undefined) throw new Error("The hub does not run.");
    return this.#process;
  }

  /** The built command, as in a deployment, unless it is a hub that knows levels. Resolves when the hub serves. */
  async startProcess(): Promise<void> {
    if (this.#knowsLevels) {
      this.#process = await this.#bench.start(levelsHub, [this.dir]);
      return;
    }
    const words = ["hub", "start", this.dir, "--log", "json", "--log-level", "warn", "--exit-with-parent"];
    this.#process = await this.#bench.start(comity, words);
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.process.stop();
  }
}

/** How the agents answer; see agent.ts. */
export interface AgentManner {
  /** `copy`: the base model as it came. `perturb`: other bytes at each site. `levels`: the work of levels.ts. */
  readonly step: "copy" | "perturb" | "levels";
  /** How long the work takes at least. */
  readonly sleepMs?: number;
}

/** An agent's process, and its folder. */
export interface BenchAgent {
  readonly process: BenchChild;
  readonly dir: string;
}

/** A hub and agents, each a process of its own. */
export class Federation {
  readonly hub: BenchHub;
  readonly agents: readonly BenchAgent[];

  private constructor(hub: BenchHub, agents: readonly BenchAgent[]) {
    this.hub = hub;
    this.agents = agents;
  }

  static async start(bench: Bench, sites: number, manner: AgentManner): Promise<Federation> {
    bench.note(`  a hub and ${sites} agents start`);
    const hub = await BenchHub.start(bench, manner.step === "levels");
    const agents: BenchAgent[] = [];
    for (let first = 0; first < sites; first += atOnce) {
      const batch = Array.from({ length: Math.min(atOnce, sites - first) }, (_, at) => first + at + 1);
      agents.push(...(await Promise.all(batch.map((number) => startAgent(bench, hub, number, manner)))));
    }
    await allReady(hub.client, sites);
    return new Federation(hub, agents);
  }

  /** Starts a run of `rounds` rounds; its events, until it has ended well. Throws when it has not. */
  run(plan: Pick<PlanInput, "model" | "rounds">): AsyncGenerator<RunEvent__Output> {
    const whole: PlanInput = { ...plan, dataset: { name: "rows" }, evaluation: "none", seed: 1 };
    return this.runWorkflow(trainingWorkflow("bench", whole));
  }

  /** {@link run} for any workflow. */
  async *runWorkflow(workflow: Workflow): AsyncGenerator<RunEvent__Output> {
    const { client } = this.hub;
    const { runId } = await client.startRun({ workflowSource: JSON.stringify(workflow), name: "bench" });
    for await (const event of client.watchRun(runId)) {
      if (/^(run\.failed|run\.cancelled|assignment\.(failed|refused|late|vanished))$/.test(event.type))
        throw new Error(`The run went wrong: ${event.text}`);
      yield event;
    }
  }

  /** When each round of a run was complete, in milliseconds since 1970, after the moment when the first began. */
  async rounds(plan: Pick<PlanInput, "model" | "rounds">, told: (text: string) => void): Promise<number[]> {
    const times: number[] = [];
    for await (const { type, atMs, text } of this.run(plan)) {
      if (type === "round.completed") told(text);
      if (type === "round.completed" || (type === "round.started" && times.length === 0)) times.push(atMs);
    }
    return times;
  }

  async stop(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.process.stop()));
    await this.hub.stop();
  }
}

async function startAgent(
  bench: Bench,
  hub: BenchHub,
  number: number,
  manner: AgentManner,
): Promise<BenchAgent> {
  const dir = await bench.folder(`site-${number}`);
  const { token } = await hub.client.inviteSite({ site: `bench/site-${number}` });
  await joinHub({ token, dir });
  await writeFile(join(dir, "rows.csv"), `x,y\n${"0.5,1\n".repeat(20)}`);
  const path = join(dir, "agent.yaml");
  const config = parseDocument(await readFile(path, "utf8"));
  config.set("datasets", [
    { name: "rows", path: "rows.csv", columns: { x: "number", y: "number" }, target: "y" },
  ]);
  // One base model of 100 MB at a time: what is measured should not fill the disk.
  config.set("cacheMegabytes", 150);
  if (manner.step === "levels") config.setIn(["policy", "kinds"], [level.name]);
  await writeFile(path, config.toString());
  return { dir, process: await bench.start(agentScript, [dir, manner.step, String(manner.sleepMs ?? 0)]) };
}

/** Waits until the hub knows the data of every site. */
async function allReady(client: HubClient, sites: number): Promise<void> {
  for (;;) {
    const listed = await client.listSites();
    if (
      listed.sites.filter(({ state, datasets }) => state === "online" && datasets.length > 0).length >= sites
    )
      return;
    await sleep(50);
  }
}
