import type { Result__Output } from "#proto/generated/comity/v1/Result.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import { bytes, metric } from "../render/format.js";
import { LiveArea } from "../render/live.js";
import { colour, isTerminal, print, printJsonLine } from "../render/output.js";
import { RunView, roundFigures } from "../render/watch.js";
import { eventJson } from "../watch.js";
import type { DemoOptions } from "./options.js";

/** Where the final model was written. */
interface SavedModel {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What the demo shows: lines for people, or one JSON object a line. */
export class DemoShow {
  readonly #options: DemoOptions;
  readonly #view: RunView | undefined;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#view = options.json === true ? undefined : new RunView(new LiveArea(isTerminal), isTerminal);
  }

  /** A step of the demo's own. */
  step(event: string, text: string, fields: Record<string, unknown> = {}): void {
    if (this.#view === undefined) printJsonLine({ event, text, ...fields });
    else this.#view.say(text);
  }

  /** The heading of a part. */
  heading(text: string): void {
    this.#view?.say(`\n${colour.bold(text)}`);
  }

  /** Something that the demo does to the federation on purpose. */
  blow(event: string, text: string, fields: Record<string, unknown>): void {
    this.step(event, this.#view === undefined ? text : colour.yellow(`  ${text}`), fields);
  }

  /** An event of the run. */
  event(event: RunEvent__Output): void {
    if (this.#view === undefined) printJsonLine(shortEvent(event));
    else this.#view.take(event);
  }
  close(): void {
    this.#view?.close();
  }

  /** The end: what came out, where it lies, and how to look further. */
  result(
    result: Result__Output,
    model: SavedModel,
    times: { seconds: number; totalSeconds: number },
    keptAt: string | undefined,
  ): void {
    const { accuracy, loss } = result.metrics;
    if (this.#view === undefined) {
      const { sha256, path } = model;
      const { split, sites, seed } = this.#options;
      const end = {
        event: "result",
        accuracy,
        loss,
        rounds: result.rounds.length,
        ...times,
        model: { sha256, path },
      };
      printJsonLine({ ...end, run: result.runId, split, sites, seed });
      return;
    }
    print(`\n${colour.bold("Result")}, as the hub's Results service gives it:`);
    print(
      `  accuracy  ${colour.green(metric(accuracy))} on the sites' own test digits, loss ${metric(loss)}`,
    );
    print(
      `  rounds    ${result.rounds.length} in ${times.seconds.toFixed(1)} s; ${times.totalSeconds.toFixed(1)} s in all`,
    );
    print(`  model     ${model.path} (${bytes(model.sizeBytes)})`);
    print(`  SHA-256   ${model.sha256}`);
    if (keptAt === undefined) {
      print("\nHub and sites are gone; the model stays. Look further:");
      print(`  npx comity model show ${model.path}`);
    } else {
      print(`\nHub, sites and model stay in ${keptAt}. Look further: start the hub again,`);
      print(`  npx comity hub start ${keptAt}/hub`);
      print(`and in another terminal: npx comity result get --hub ${keptAt}/hub/operator.json`);
    }
  }
}

/** A completed round is one short object: what a chart needs. */
function shortEvent(event: RunEvent__Output): Record<string, unknown> {
  const figures = roundFigures(event);
  if (figures === undefined) return eventJson(event);
  const { sites, samples, metrics, seconds } = figures;
  const { loss, accuracy } = metrics;
  return { event: "round", round: event.round, sites: sites.length, samples, loss, accuracy, seconds };
}
