import { fullJitterMs, sleep } from "#kernel/async.js";
import { ComityError, isErrorCode } from "#kernel/errors.js";
import { parseRunId } from "#kernel/ids.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import type { HubClient } from "./hub.js";
import { LiveArea } from "./render/live.js";
import { isTerminal, note, print, printJsonLine } from "./render/output.js";
import { renderResult } from "./render/result.js";
import { renderOutput } from "./render/run.js";
import { eventData, RunView } from "./render/watch.js";

/** How long a hub that has gone away is waited for. */
const patienceMs = 10 * 60_000;
const retry = { baseMs: 100, maxMs: 2000 };

interface WatchOptions {
  readonly signal: AbortSignal;
  /** Called once each time the hub has gone away. */
  readonly lost?: (error: ComityError) => void;
  /** Called once each time it is back. */
  readonly back?: () => void;
}

/** The events of a run from its beginning to its end, over every restart of the hub; ends early when the signal fires. */
export async function* runEvents(
  hub: HubClient,
  runId: string,
  options: WatchOptions,
): AsyncGenerator<RunEvent__Output> {
  const { signal } = options;
  let afterSeq = 0;
  let lostAtMs: number | undefined;
  // A run that has ended may have been retried since: only the end of the events is the end.
  let ended = false;
  for (let attempt = 0; ; attempt++) {
    try {
      for await (const event of hub.watchRun(runId, afterSeq, { signal, giveUpMs: 0 })) {
        if (lostAtMs !== undefined) options.back?.();
        lostAtMs = undefined;
        attempt = 0;
        // Progress is told but not kept: its number is 0.
        if (event.seq > 0) {
          afterSeq = event.seq;
          if (event.type === "run.retried") ended = false;
          else ended ||= /^run\.(completed|failed|cancelled)$/.test(event.type);
        }
        yield event;
      }
      if (ended) return;
      // A hub that stops in good order ends the stream before the run has ended.
      throw new ComityError("HUB_DRAINING", "The hub is stopping.");
    } catch (thrown) {
      if (signal.aborted) return;
      const error = ComityError.from(thrown);
      const now = performance.now();
      if (lostAtMs === undefined && afterSeq > 0) options.lost?.(error);
      lostAtMs ??= now;
      if (error.kind.retryable !== true || afterSeq === 0 || now - lostAtMs > patienceMs) throw error;
      await sleep(fullJitterMs(attempt, retry), signal);
    }
  }
}

/** An event as a line of JSON: its own fields beside those that all events have. */
export function eventJson({
  type,
  seq,
  atMs,
  runId,
  round,
  site,
  text,
  dataJson,
}: RunEvent__Output): Record<string, unknown> {
  return {
    event: type,
    seq,
    atMs,
    runId,
    ...(round > 0 && { round }),
    ...(site !== "" && { site }),
    text,
    ...eventData(dataJson),
  };
}

/**
 * Shows a run until it ends, then its output and its result; throws what the run failed with. Ctrl-C stops the watching, not the run,
 * and the command ends with 130.
 */
export async function watchToEnd(hub: HubClient, runId: string, options: { json?: true }): Promise<void> {
  parseRunId(runId);
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  process.once("SIGINT", stop);
  const view = new RunView(new LiveArea(options.json !== true && isTerminal), isTerminal);
  try {
    const events = runEvents(hub, runId, {
      signal: stopped.signal,
      lost: (error) => note(`${error.message} Waiting for it to come back.`),
      back: () => note("The hub is back."),
    });
    for await (const event of events) {
      if (options.json === true) printJsonLine(eventJson(event));
      else view.take(event);
    }
  } finally {
    view.close();
    process.off("SIGINT", stop);
  }
  if (stopped.signal.aborted) {
    note(
      `Stopped watching; the run goes on. \`comity run watch ${runId}\` shows it again, \`comity run cancel ${runId}\` ends it.`,
    );
    process.exitCode = 130;
    return;
  }
  const [result, { outputJson, tasks }] = await Promise.all([hub.getResult(runId), hub.getRun(runId)]);
  const completed = result.state === "completed";
  if (options.json === true)
    printJsonLine({
      event: "result",
      ...result,
      ...(completed && { output: JSON.parse(outputJson) as unknown }),
    });
  else if (completed) {
    if (result.rounds.length > 0) print(`\n${renderResult(result)}`);
    // The output of a training by itself is what its result says.
    if (!tasks.every(({ call }) => call.startsWith("fed.train:"))) print(`\n${renderOutput(outputJson)}`);
  }
  if (completed) return;
  const code = isErrorCode(result.errorCode) ? result.errorCode : "INTERNAL";
  throw new ComityError(code, result.errorText || `The run is ${result.state}.`, {
    hint: `\`comity run why ${runId}\` tells where, \`comity run show ${runId}\` all there is.`,
  });
}
