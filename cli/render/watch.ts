import { parseJson } from "#kernel/json.js";
import { printable } from "#kernel/words.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import { colour } from "./output.js";
import type { LiveArea } from "./live.js";

/** A site's part in the present round. */
interface SiteLine {
  readonly fraction: number;
  readonly text: string;
}

const barWidth = 12;

/** Shows a run as it goes: what happened stays, one line for each site changes as it works. */
export class RunView {
  readonly #area: LiveArea;
  readonly #live: boolean;
  readonly #sites = new Map<string, SiteLine>();

  constructor(area: LiveArea, live: boolean) {
    this.#area = area;
    this.#live = live;
  }

  /** Takes an event in; `line` replaces its sentence. */
  take(event: RunEvent__Output, line = eventLine(event)): void {
    const siteLine = this.#siteLine(event);
    if (siteLine !== undefined) this.#sites.set(event.site, siteLine);
    if (event.type.startsWith("round.") || event.type.startsWith("run.")) this.#sites.clear();
    if (this.#stays(event)) this.#area.keep(line);
    this.#draw();
  }

  /** Prints a line of the caller's own among those that stay. */
  say(line: string): void {
    this.#area.keep(line);
  }

  close(): void {
    this.#area.close();
  }

  #stays({ type, dataJson }: RunEvent__Output): boolean {
    if (type === "assignment.progress" || type === "assignment.accepted") return false;
    return type !== "assignment.delivered" || (!this.#live && eventData(dataJson)["kind"] !== "evaluate");
  }

  #siteLine({ type, text, dataJson, site }: RunEvent__Output): SiteLine | undefined {
    if (site === "" || !type.startsWith("assignment.")) return undefined;
    const { fraction, kind } = eventData(dataJson);
    const working = kind === "evaluate" ? "tests the new model" : "trains";
    if (type === "assignment.progress")
      return { fraction: Number(fraction ?? 0), text: printable(text, 100) };
    if (type === "assignment.accepted") return { fraction: 0, text: working };
    if (type === "assignment.delivered") return { fraction: 1, text: "delivered" };
    return { fraction: 0, text: type.slice("assignment.".length) };
  }

  #draw(): void {
    const sites = [...this.#sites].toSorted(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
    const width = Math.max(0, ...sites.map(([site]) => site.length));
    this.#area.update(
      sites.map(([site, { fraction, text }]) => `  ${site.padEnd(width)}  ${bar(fraction)}  ${text}`),
    );
  }
}

/** The event's sentence, coloured by what it means to the reader. */
export function eventLine({ type, text, round }: RunEvent__Output): string {
  const line = printable(text);
  if (type === "run.completed") return colour.green(line);
  if (type === "run.failed" || type === "update.refused") return colour.red(line);
  if (/^(assignment\.(refused|failed|vanished|late)|site\.disconnected|run\.cancelled)$/.test(type))
    return `  ${colour.yellow(line)}`;
  return round > 0 && !type.startsWith("round.") ? `  ${line}` : line;
}

/** The event's own fields. */
export function eventData(dataJson: string): Record<string, unknown> {
  const data = dataJson === "" ? {} : parseJson(dataJson);
  return typeof data === "object" && data !== null ? { ...data } : {};
}

function bar(fraction: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * barWidth);
  return "█".repeat(full) + "░".repeat(barWidth - full);
}
