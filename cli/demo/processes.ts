import { ComityError } from "#kernel/errors.js";
import { Child } from "./child.js";
import type { Workspace } from "./workspace.js";

const stopMs = 5_000;

/** The hub's process and the agents', each in its own folder. */
export class Processes {
  readonly #workspace: Workspace;
  readonly #signal: AbortSignal;
  readonly #fail: (error: ComityError) => void;
  readonly #children = new Map<string, Child>();

  /** `fail` is called when a process ends by itself. */
  constructor(workspace: Workspace, signal: AbortSignal, fail: (error: ComityError) => void) {
    this.#workspace = workspace;
    this.#signal = signal;
    this.#fail = fail;
  }

  /** Starts the hub (`hub`) or the agent of a site (`site-3`), again if need be, and waits until it is ready. */
  async start(name: string): Promise<Child> {
    this.#signal.throwIfAborted();
    const words =
      name === "hub" ? ["hub", "start", this.#workspace.hub] : ["agent", "start", this.#workspace.site(name)];
    const child = Child.start(name, words, this.#workspace.log(name));
    this.#children.set(name, child);
    await child.ready(this.#signal);
    child.onUnexpectedEnd((words) => {
      this.#fail(new ComityError("INTERNAL", `The process of ${name} has ended by itself: ${words}`));
    });
    return child;
  }

  /** Ends a process with SIGKILL and starts it again. */
  async killAndRestart(
    name: string,
    told: { killed: (pid: number) => void; back: (ms: number, pid: number) => void },
  ): Promise<void> {
    const child = this.#children.get(name);
    if (child === undefined) return;
    await child.kill();
    told.killed(child.pid ?? 0);
    const startedMs = performance.now();
    const next = await this.start(name);
    told.back(performance.now() - startedMs, next.pid ?? 0);
  }

  get #running(): readonly Child[] {
    return [...this.#children.values()].filter((child) => child.running);
  }

  /** Ends all: the agents first, then the hub. */
  async stop(): Promise<void> {
    const agents = this.#running.filter(({ name }) => name !== "hub");
    await Promise.all(agents.map((child) => child.stop(stopMs)));
    await Promise.all(this.#running.map((child) => child.stop(stopMs)));
  }

  /** For the very last moment of the demo's own process. */
  killNow(): void {
    for (const child of this.#children.values()) child.killNow();
  }
}
