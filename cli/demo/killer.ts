import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import { findKind, kinds } from "#proto/work/index.js";
import { eventData } from "../render/watch.js";
import { type Kill, killName, processName } from "./kills.js";
import type { Processes } from "./processes.js";
import type { DemoShow } from "./show.js";
import { siteId } from "./sites.js";

/** Ends processes with SIGKILL in the middle of a round and starts them again, and tells what it does. */
export class Killer {
  #waiting: readonly Kill[];
  readonly #processes: Processes;
  readonly #show: DemoShow;
  readonly #fail: (error: unknown) => void;
  readonly #strikes: Promise<void>[] = [];

  constructor(kills: readonly Kill[], processes: Processes, show: DemoShow, fail: (error: unknown) => void) {
    this.#waiting = kills;
    this.#processes = processes;
    this.#show = show;
    this.#fail = fail;
  }

  /** Looks whether it is time. */
  take(event: RunEvent__Output): void {
    const due = this.#waiting.filter((kill) => isDue(kill, event));
    const missed =
      event.type === "round.completed" ? this.#waiting.filter(({ round }) => round === event.round) : [];
    this.#waiting = this.#waiting.filter((kill) => !due.includes(kill) && !missed.includes(kill));
    for (const kill of due) this.#strikes.push(this.#strike(kill).catch(this.#fail));
    for (const { target, round } of missed) {
      this.#show.blow("missed", `round ${round} was over before ${killName(target)} could be killed`, {
        target: processName(target),
        round,
      });
    }
  }

  /** Settles when all that was killed is back. */
  async settled(): Promise<void> {
    await Promise.all(this.#strikes);
  }

  async #strike({ target, round }: Kill): Promise<void> {
    const name = killName(target);
    const facts = { target: processName(target), round };
    await this.#processes.killAndRestart(facts.target, {
      killed: (pid) =>
        this.#show.blow(
          "killed",
          `SIGKILL: ${name} (process ${pid}) is dead in the middle of round ${round}`,
          { ...facts, pid },
        ),
      back: (ms, pid) => {
        const seconds = Math.round(ms) / 1000;
        const text = `${name} is started again (process ${pid}, up after ${seconds.toFixed(1)} s) and goes on with round ${round}`;
        this.#show.blow("restarted", text, { ...facts, pid, seconds });
      },
    });
  }
}

/** The hub dies when the first site of the round has delivered its update; a site dies while it trains. */
function isDue({ target, round }: Kill, { type, round: at, site, dataJson }: RunEvent__Output): boolean {
  if (at !== round || findKind(kinds, String(eventData(dataJson)["kind"]))?.answer.leaves === "aggregate")
    return false;
  if (target === "hub") return type === "assignment.delivered";
  // A short round may be over before a site has told how far it is.
  return site === siteId(target) && (type === "assignment.accepted" || type === "assignment.progress");
}
