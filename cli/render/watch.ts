import { z } from "zod";
import { compareNumbered, counted, printable } from "#kernel/words.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import { findKind, kinds } from "#proto/work/index.js";
import { count, metric } from "./format.js";
import type { LiveArea } from "./live.js";
import { colour } from "./output.js";

/** A site's part in the present round. */
interface SiteLine {
  readonly fraction: number;
  readonly text: string;
}

const barWidth = 12;

/** Steps on the way to something that is told anyway. */
const passing: ReadonlySet<string> = new Set([
  "assignment.progress",
  "assignment.accepted",
  "round.aggregated",
  "task.running",
  // The command ends with it as its error.
  "run.failed",
  "run.cancelled",
]);

/** Tasks that only lead to others or reckon: within a loop nobody wants to read of every pass. */
const glue: ReadonlySet<unknown> = new Set(["do", "for", "fork", "set", "switch", "try"]);

/** Sites that one round may tell of as left out; of hundreds nobody reads. */
const maxUnasked = 10;

/** Shows a run as it goes: what happened stays, one line for each site changes as it works. */
export class RunView {
  readonly #area: LiveArea;
  readonly #live: boolean;
  readonly #sites = new Map<string, SiteLine>();
  /** The JSON Pointers of the loops that the run has come to. */
  readonly #loops = new Set<string>();
  /** Sites that were told of as left out. */
  readonly #unasked = new Set<string>();

  constructor(area: LiveArea, live: boolean) {
    this.#area = area;
    this.#live = live;
  }

  take(event: RunEvent__Output): void {
    const { kind, ref } = eventData(event.dataJson);
    if (kind === "for" || kind === "listen") this.#loops.add(String(ref));
    const siteLine = this.#siteLine(event);
    if (siteLine !== undefined) this.#sites.set(event.site, siteLine);
    if (event.type.startsWith("round.") || event.type.startsWith("run.")) this.#sites.clear();
    if (this.#stays(event)) this.#area.keep(eventLine(event));
    for (const line of this.#unaskedLines(event)) this.#area.keep(line);
    this.#draw();
  }

  /** Prints a line of the caller's own among those that stay. */
  say(line: string): void {
    this.#area.keep(line);
  }

  close(): void {
    this.#area.close();
  }

  /** What a person wants to read again. In a terminal the lines of the sites show what they deliver. */
  #stays({ type, dataJson }: RunEvent__Output): boolean {
    if (passing.has(type)) return false;
    const { kind, left, ref } = eventData(dataJson);
    if (type === "task.completed" && glue.has(kind))
      return ![...this.#loops].some((loop) => String(ref).startsWith(`${loop}/`));
    if (type === "round.started") return !this.#live || (Array.isArray(left) && left.length > 0);
    // What only tells figures is in the line of its round.
    return (
      type !== "assignment.delivered" ||
      (!this.#live && findKind(kinds, String(kind))?.answer.leaves !== "aggregate")
    );
  }

  /** Who is not asked in a round, and by which rule: each site once, for the rules stay the same from round to round. */
  #unaskedLines({ type, dataJson }: RunEvent__Output): readonly string[] {
    if (type !== "round.started") return [];
    const parsed = unaskedSchema.safeParse(eventData(dataJson)["left"]);
    const fresh = (parsed.data ?? []).filter(({ site }) => !this.#unasked.has(site));
    for (const { site } of fresh) this.#unasked.add(site);
    const lines = fresh.slice(0, maxUnasked).map(({ site, reason }) => `${site} is not asked: ${reason}.`);
    const more = fresh.length - lines.length;
    if (more > 0) lines.push(`${counted(more, "more site")} ${more === 1 ? "is" : "are"} not asked.`);
    return lines.map((line) => `  ${printable(line)}`);
  }

  #siteLine({ type, text, dataJson, site }: RunEvent__Output): SiteLine | undefined {
    if (site === "" || !type.startsWith("assignment.")) return undefined;
    const { fraction, kind } = eventData(dataJson);
    const working = findKind(kinds, String(kind))?.words.working ?? String(kind);
    if (type === "assignment.progress")
      return { fraction: Number(fraction ?? 0), text: printable(text, 100) };
    if (type === "assignment.accepted") return { fraction: 0, text: working };
    if (type === "assignment.delivered") return { fraction: 1, text: "delivered" };
    return { fraction: 0, text: type.slice("assignment.".length) };
  }

  #draw(): void {
    const sites = [...this.#sites].toSorted(([a], [b]) => compareNumbered(a, b));
    const width = Math.max(0, ...sites.map(([site]) => site.length));
    this.#area.update(
      sites.map(([site, { fraction, text }]) => `  ${site.padEnd(width)}  ${bar(fraction)}  ${text}`),
    );
  }
}

/** Sites that routing has left out of a round, as the event of its beginning tells them. */
const unaskedSchema = z.array(z.looseObject({ site: z.string(), reason: z.string() }));

/** The figures of a completed round, as its event carries them. */
const roundFiguresSchema = z.looseObject({
  sites: z.array(z.string()),
  /** How many sites were asked. */
  of: z.number(),
  /** Rounds of the whole run; absent where a workflow decides after each round whether another follows. */
  rounds: z.number().optional(),
  samples: z.number(),
  metrics: z.record(z.string(), z.number()),
  seconds: z.number(),
});

type RoundFigures = z.infer<typeof roundFiguresSchema>;

/** The figures of an event of type `round.completed`; undefined for any other, and where a newer hub writes them otherwise. */
export function roundFigures({ type, dataJson }: RunEvent__Output): RoundFigures | undefined {
  return type === "round.completed" ? roundFiguresSchema.safeParse(eventData(dataJson)).data : undefined;
}

/** `round  3/10  5/5 sites  10,000 samples  loss 0.3011  accuracy 0.9132  2.1 s`; `round 3` where nobody knows how many there will be. */
function roundLine(round: number, { sites, of, rounds, samples, metrics, seconds }: RoundFigures): string {
  const { loss, accuracy } = metrics;
  return [
    rounds === undefined
      ? `round ${round}`
      : `round ${String(round).padStart(String(rounds).length)}/${rounds}`,
    `${sites.length}/${of} sites`,
    `${count(samples)} samples`,
    ...(loss === undefined ? [] : [`loss ${metric(loss)}`]),
    ...(accuracy === undefined ? [] : [colour.green(`accuracy ${metric(accuracy)}`)]),
    `${seconds.toFixed(1)} s`,
  ].join("  ");
}

/** The event for people, coloured by what it means to them. */
export function eventLine(event: RunEvent__Output): string {
  const { type, text, round } = event;
  const figures = roundFigures(event);
  if (figures !== undefined) return roundLine(round, figures);
  const line = printable(text);
  if (type === "run.completed") return colour.green(line);
  if (type === "run.failed" || type === "task.failed" || type === "update.refused") return colour.red(line);
  if (/^(assignment\.(refused|failed|vanished|late)|site\.disconnected|run\.cancelled)$/.test(type))
    return `  ${colour.yellow(line)}`;
  return round > 0 && !type.startsWith("round.") ? `  ${line}` : line;
}

/** The event's own fields. */
export function eventData(dataJson: string): Record<string, unknown> {
  const data = dataJson === "" ? {} : (JSON.parse(dataJson) as unknown);
  return typeof data === "object" && data !== null ? { ...data } : {};
}

function bar(fraction: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * barWidth);
  return "█".repeat(full) + "░".repeat(barWidth - full);
}
