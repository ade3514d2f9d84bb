import { join } from "node:path";
import { afterEach, beforeEach } from "mocha";
import { systemClock } from "#kernel/clock.js";
import { hashBytes } from "#kernel/files.js";
import { silentLog } from "#kernel/log.js";
import { Journal } from "#node-agent/assignments/journal.js";
import { type RunningAgent, startAgent } from "#node-agent/main.js";
import { modelOf, TestSteps, writeAgentFolder } from "./agent.js";
import { temporaryFolders } from "./folders.js";
import { Peer } from "./peer.js";
import { until } from "./rpc.js";

/** 800 KB: four chunks, and a file in the outbox. */
export const large = modelOf(200_000);
/** Just above what goes through the journal. */
export const middling = modelOf(20_000);
/** Goes through the journal. */
export const small = modelOf(100);

/** An agent in a folder of its own, and the hub that it talks to: both anew for each test. */
export class AgentWithPeer {
  peer = new Peer();
  steps = new TestSteps();
  address = "";
  dir = "";
  readonly running: RunningAgent[] = [];

  /** Registers with mocha, in the `describe` that calls it. */
  constructor() {
    const folder = temporaryFolders();
    beforeEach(async () => {
      this.peer = new Peer();
      this.steps = new TestSteps();
      for (const model of [large, middling, small]) this.peer.blobs.set(hashBytes(model), model);
      this.address = await this.peer.start();
      this.dir = await folder();
      await writeAgentFolder(this.dir, this.address);
    });
    afterEach(async () => {
      for (const agent of this.running.splice(0)) await agent.stop();
      await this.peer.stop();
    });
  }

  /** Starts the agent; resolves when it has said Hello. */
  async start(): Promise<RunningAgent> {
    const before = this.hellos().length;
    const agent = await startAgent({ dir: this.dir, log: silentLog, steps: this.steps.steps });
    this.running.push(agent);
    await until(() => this.hellos().length > before, "the agent says Hello");
    return agent;
  }

  /** Stops the agents that run. */
  async stop(): Promise<void> {
    for (const agent of this.running.splice(0)) await agent.stop();
  }

  /** What the journal says, after the agent has stopped. */
  async journal(agent: RunningAgent): Promise<Journal> {
    await agent.stop();
    return new Journal(join(this.dir, "agent.db"), systemClock);
  }

  hellos() {
    return this.peer.heard.flatMap(({ hello }) => (hello ? [hello] : []));
  }
  accepts() {
    return this.peer.heard.flatMap(({ accept }) => (accept ? [accept] : []));
  }
  refusals() {
    return this.peer.heard.flatMap(({ refuse }) => (refuse ? [refuse] : []));
  }
  failures() {
    return this.peer.heard.flatMap(({ failed }) => (failed ? [failed] : []));
  }
  /** Answers that came over sessions. */
  answered() {
    return this.peer.heard.flatMap(({ answer }) => (answer ? [answer] : []));
  }
}
