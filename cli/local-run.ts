import { declaredFunctions } from "#hub/federated/functions/index.js";
import { languageCalls } from "#hub/workflow/calls/calls.js";
import { AddressGuard, thisMachine } from "#hub/workflow/calls/guard.js";
import type { WorkflowFunction } from "#hub/workflow/function.js";
import { openLocalEngine } from "#hub/workflow/local.js";
import { readSecrets } from "#hub/workflow/secrets.js";
import { ComityError, isErrorCode } from "#kernel/errors.js";
import { newOpId } from "#kernel/ids.js";
import { type Json, parseJson } from "#kernel/json.js";
import { LiveArea } from "./render/live.js";
import { isTerminal, note, print, printJsonLine } from "./render/output.js";
import { RunView } from "./render/watch.js";
import { eventJson } from "./watch.js";

/** Why the watching of a run ends that waits for what cannot come. */
const starved = "nothing can happen any more";

interface LocalRun {
  /** The file's name, for messages. */
  readonly file: string;
  readonly source: string;
  /** Empty for none. */
  readonly inputJson: string;
  readonly json: boolean;
}

/**
 * Runs a workflow in this process, by the engine that hubs have, and forgets it at its end: to try things out. Federated functions
 * need a hub with sites and fail here. Shows what happens, then the output; throws what the run failed with.
 */
export async function runLocally({ file, source, inputJson, json }: LocalRun): Promise<void> {
  await using local = await openLocalEngine({
    functions: [
      ...languageCalls({ guard: new AddressGuard({ allow: thisMachine }) }),
      ...declaredFunctions.map(elsewhere),
    ],
    secrets: await readSecrets(undefined),
  });
  const { engine, feed } = local;
  const { workflow } = await engine.parse(source, file);
  const input = inputJson === "" ? {} : (parseJson(inputJson) as Json);
  const { id } = await engine.start({
    opId: newOpId(),
    workflow: { text: source },
    input,
    startedBy: "local",
  });
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  process.once("SIGINT", stop);
  // Nothing can happen in this process any more, and from outside comes nothing: the run would wait for ever.
  const starve = (): void => stopped.abort(starved);
  process.once("beforeExit", starve);
  const view = new RunView(new LiveArea(!json && isTerminal), isTerminal);
  try {
    for await (const { data, ...event } of feed.watch(id, 0, stopped.signal)) {
      const told = { ...event, dataJson: JSON.stringify(data) };
      if (json) printJsonLine(eventJson(told));
      // Who has started it is known, and what it failed with is told at the end.
      else if (event.type !== "run.started" && event.type !== "run.failed") view.take(told);
    }
  } finally {
    view.close();
    process.off("SIGINT", stop);
    process.off("beforeExit", starve);
  }
  if (stopped.signal.reason === starved) {
    const { text } = await engine.why(id);
    throw new ComityError("WORK_UNSUPPORTED", `${text} Nobody can send one to a run without a hub.`, {
      hint: "Start the run at a hub: leave out --local.",
    });
  }
  if (stopped.signal.aborted) {
    note("Stopped; nothing of the run is left.");
    process.exitCode = 130;
    return;
  }
  const { run, output } = await engine.outcome(id);
  const { state, errorCode = "", errorText = "" } = run;
  if (json) printJsonLine({ event: "result", workflow: workflow.document.name, state, output });
  else if (state === "completed") print(JSON.stringify(output, undefined, 2));
  if (state === "completed") return;
  throw new ComityError(
    isErrorCode(errorCode) ? errorCode : "TASK_FAILED",
    errorText || `The run is ${state}.`,
  );
}

/** A function that only a hub can perform. */
const elsewhere = ({ name, purpose, argument }: (typeof declaredFunctions)[number]): WorkflowFunction => ({
  name,
  purpose,
  argument,
  perform: () =>
    Promise.reject(
      new ComityError("WORK_UNSUPPORTED", `${name} needs a hub and its sites; this run has none.`, {
        hint: "Start the run at a hub: leave out --local.",
      }),
    ),
});
