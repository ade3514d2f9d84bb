import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { seeded } from "#aggregation/random/random.js";
import { Child } from "#cli/demo/child.js";
import { freePort } from "#cli/free-port.js";
import { connectHub, type HubClient } from "#client/connect.js";
import { readProfile } from "#client/profile.js";
import { isPassing } from "#client/resume.js";
import { hubPaths } from "#hub/config.js";
import type { PlanInput } from "#hub/federated/functions/train.js";
import { trainingWorkflow } from "#hub/federated/training-workflow.js";
import { initHub } from "#hub/init.js";
import { sleep } from "#kernel/async.js";
import { joinHub } from "#node-agent/main.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import type { StartRunRequest } from "#proto/generated/comity/v1/StartRunRequest.js";
import { verifyRuns } from "./verify-runs.js";

/** The dataset that every site of a {@link Federation} has: four numbers that tell two classes apart. */
export const pointsPlan = {
  name: "points",
  dataset: { labels: { dataset: "points" } },
  model: { name: "mlp", input: [4], classes: 2, hidden: [8] },
  rounds: 4,
  local: { epochs: 4, batch: 8, learningRate: 0.2 },
  deadline: "60s",
  grace: "20s",
  seed: 7,
} satisfies PlanInput;

/** Is handed every event of a run; the next one comes when it has done with it. */
export type OnEvent = (event: RunEvent__Output) => void | Promise<void>;

/** A run that has ended, with all that was told of it. */
export interface WatchedRun {
  readonly run: Run__Output;
  readonly events: RunEvent__Output[];
}

/** A hub and its sites as real processes of the built command, in a temporary folder. */
export class Federation implements AsyncDisposable {
  readonly dir: string;
  readonly client: HubClient;
  readonly #children = new Map<string, Child>();
  readonly #ends: (() => Promise<void>)[] = [];

  private constructor(dir: string, client: HubClient) {
    this.dir = dir;
    this.client = client;
  }

  /** Starts everything; `rows` of the sites differ a little, so that weights matter. */
  static async start({
    sites = 3,
    rows = 120,
    database,
    settings = {},
  }: {
    readonly sites?: number;
    readonly rows?: number;
    /** A PostgreSQL database for the hub's rows, in place of a file. */
    readonly database?: string;
    /** Put into `hub.yaml`. */
    readonly settings?: Readonly<Record<string, unknown>>;
  } = {}): Promise<Federation> {
    const dir = await mkdtemp(join(tmpdir(), "comity-federation-"));
    const hub = join(dir, "hub");
    const ports = { controlPort: await freePort(), agentPort: await freePort() };
    const { profilePath } = await initHub(hub, {
      name: "test",
      names: [],
      ...ports,
      ...(database !== undefined && { database }),
    });
    const config = hubPaths(hub).config;
    const given = parse(await readFile(config, "utf8")) as Record<string, unknown>;
    await writeFile(config, stringify({ ...given, ...settings }));
    const federation = new Federation(dir, connectHub(await readProfile(profilePath)));
    await federation.up("hub");
    await Promise.all(
      Array.from({ length: sites }, async (_, at) => {
        const name = `site-${at + 1}`;
        await federation.#join(name, rows + at * 10, at);
        await federation.up(name);
      }),
    );
    return federation;
  }

  /** Starts a process (`hub`, `site-1`, …) and waits until it is ready. */
  async up(name: string): Promise<void> {
    const words =
      name === "hub" ? ["hub", "start", join(this.dir, name)] : ["agent", "start", join(this.dir, name)];
    const child = Child.start(name, words, join(this.dir, `${name}.log`));
    this.#children.set(name, child);
    await child.ready(new AbortController().signal);
    if (name === "hub") await this.#reached();
  }

  /** SIGKILL. */
  async kill(name: string): Promise<void> {
    await this.#children.get(name)?.kill();
  }

  async stop(name: string): Promise<void> {
    await this.#children.get(name)?.stop(10_000);
  }

  async log(name: string): Promise<string> {
    return readFile(join(this.dir, `${name}.log`), "utf8");
  }

  /** Starts a training and hands every event to `onEvent`, which may kill; ends with the run. */
  train(plan: PlanInput, onEvent?: OnEvent): Promise<WatchedRun> {
    return this.run({ workflowSource: JSON.stringify(trainingWorkflow("points", plan)) }, onEvent);
  }

  /** {@link train} for any workflow. */
  async run(request: StartRunRequest, onEvent: OnEvent = () => undefined): Promise<WatchedRun> {
    const { runId } = await this.client.startRun(request);
    const events: RunEvent__Output[] = [];
    for await (const event of this.client.watchRun(runId)) {
      events.push(event);
      await onEvent(event);
    }
    return { run: await this.client.getRun(runId), events };
  }

  /** Has something ended before the folder goes. */
  endsWith(end: () => Promise<void>): void {
    this.#ends.push(end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    for (const end of this.#ends) await end();
    await Promise.all([...this.#children.values()].map((child) => child.kill()));
    try {
      await verifyRuns(join(this.dir, "hub"));
    } finally {
      await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** The client's connection rests for a moment after it was refused; a test's next call is not to fail for that. */
  async #reached(): Promise<void> {
    for (;;) {
      try {
        await this.client.getHub();
        return;
      } catch (error) {
        if (!isPassing(error)) throw error;
        await sleep(20);
      }
    }
  }

  async #join(name: string, rows: number, seed: number): Promise<void> {
    const dir = join(this.dir, name);
    const { token } = await this.client.inviteSite({ site: `acme/${name}` });
    await joinHub({ token, dir });
    await givePoints(dir, rows, seed);
  }
}

/** Gives the agent of a folder its rows, as the dataset `points`. */
export async function givePoints(dir: string, rows: number, seed: number): Promise<void> {
  await writeFile(join(dir, "points.csv"), points(rows, seed));
  const path = join(dir, "agent.yaml");
  const config = parse(await readFile(path, "utf8")) as Record<string, unknown>;
  config["datasets"] = [
    {
      name: "points",
      connector: "csv",
      path: "points.csv",
      columns: { "x*": { type: "number" }, class: { type: "category", classes: ["a", "b"] } },
      target: "class",
      split: { test: 0.25, seed: 1 },
      labels: { dataset: "points" },
    },
  ];
  await writeFile(path, stringify(config));
}

/** Rows of four normal numbers; class `b` where their weighted sum is above 0. */
function points(rows: number, seed: number): string {
  const random = seeded("points", seed);
  const lines = Array.from({ length: rows }, () => {
    const x = Array.from({ length: 4 }, () => random.normal());
    const sum = x.reduce((total, value, at) => total + value * (at + 1), 0);
    return `${x.map((value) => value.toFixed(4)).join(",")},${sum > 0 ? "b" : "a"}`;
  });
  return `x1,x2,x3,x4,class\n${lines.join("\n")}\n`;
}
