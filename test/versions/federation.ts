import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { connectHub, type HubClient } from "#client/connect.js";
import { readProfile } from "#client/profile.js";
import { isPassing } from "#client/resume.js";
import { sleep } from "#kernel/async.js";
import type { Json } from "#kernel/json.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import { givePoints } from "../support/federation.js";
import { type Commands, Program, runCommand, type Version } from "./program.js";

/** Who is of which version: the hub, and each site's agent. */
export interface Mix {
  readonly hub: Version;
  readonly agents: readonly Version[];
}

/**
 * A hub and its agents as real processes, each of its own version from the first command on: one never opens a folder that
 * another has made, unless it is upgraded. The client is this version's.
 */
export class MixedFederation implements AsyncDisposable {
  readonly client: HubClient;
  readonly #commands: Commands;
  readonly #dir: string;
  readonly #programs = new Map<string, Program>();

  private constructor(commands: Commands, dir: string, client: HubClient) {
    this.#commands = commands;
    this.#dir = dir;
    this.client = client;
  }

  /** `dir` does not exist yet; whoever gives it removes it. */
  static async start(commands: Commands, dir: string, mix: Mix): Promise<MixedFederation> {
    await mkdir(dir);
    const hub = join(dir, "hub");
    const ports = ["--control-port", "0", "--agent-port", "0"];
    await runCommand(commands[mix.hub], ["hub", "init", hub, ...ports], dir);
    const client = connectHub(await readProfile(join(hub, "operator.json")));
    const federation = new MixedFederation(commands, dir, client);
    try {
      await federation.up("hub", mix.hub);
      for (const [at, version] of mix.agents.entries()) await federation.#join(`site-${at + 1}`, version, at);
      return federation;
    } catch (error) {
      await federation[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts a process (`hub`, `site-1`, …) and waits until it is ready. */
  async up(name: string, version: Version): Promise<void> {
    const words = [name === "hub" ? "hub" : "agent", "start", join(this.#dir, name)];
    const log = join(this.#dir, `${name}.log`);
    this.#programs.set(name, await Program.start(this.#commands[version], words, log));
    if (name === "hub") await this.#reached();
  }

  /** Kills a process, and starts it again of a version. */
  async restart(name: string, version: Version): Promise<void> {
    await this.#programs.get(name)?.kill();
    await this.up(name, version);
  }

  /** A run to its end, verified by the hub; `onEvent` is handed every event. */
  async run(workflow: Json, onEvent: (event: RunEvent__Output) => Promise<void>): Promise<Run__Output> {
    const { runId } = await this.client.startRun({ workflowSource: JSON.stringify(workflow) });
    for await (const event of this.client.watchRun(runId)) await onEvent(event);
    await this.client.verifyRun(runId);
    return this.client.getRun(runId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await Promise.all([...this.#programs.values()].map((program) => program.kill()));
  }

  async #join(name: string, version: Version, at: number): Promise<void> {
    const dir = join(this.#dir, name);
    const { token } = await this.client.inviteSite({ site: `acme/${name}` });
    await runCommand(this.#commands[version], ["agent", "join", token, "--dir", dir], this.#dir);
    await givePoints(dir, 120 + at * 10, at);
    await this.up(name, version);
  }

  /** The client's connection rests for a moment after it was refused. */
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
}
