import { join } from "node:path";
import { stringify } from "yaml";
import type { PlanInput } from "#hub/federated/functions/train.js";
import { trainingWorkflow } from "#hub/federated/training-workflow.js";
import { ComityError, isErrorCode } from "#kernel/errors.js";
import { writeFileAtomic } from "#kernel/files.js";
import { type HubClient, openHub } from "../hub.js";
import { plural } from "../render/format.js";
import { note } from "../render/output.js";
import { eventData } from "../render/watch.js";
import { runEvents } from "../watch.js";
import { Interrupted, untilInterrupted } from "./interrupt.js";
import { Killer } from "./killer.js";
import type { DemoOptions } from "./options.js";
import { prepareFederation } from "./prepare.js";
import { Processes } from "./processes.js";
import { DemoShow } from "./show.js";
import { Workspace } from "./workspace.js";

/** Runs the whole demo. Whatever happens, no process of it and no temporary file stays; Ctrl-C ends with 130. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const startedMs = performance.now();
  const stopping = new AbortController();
  const stop = (reason: unknown): void => stopping.abort(reason);
  const { signal } = stopping;
  const workspace = await Workspace.create(options.keep);
  const processes = new Processes(workspace, signal, stop);
  const show = new DemoShow(options);
  const release = untilInterrupted(stop, () => {
    processes.killNow();
    workspace.removeNow();
  });
  let complete = false;
  try {
    const finish = await demonstrate(options, { workspace, processes, show, signal, stop });
    show.close();
    await processes.stop();
    await workspace.keepOnlyModel();
    complete = true;
    finish(Math.round(performance.now() - startedMs) / 1000);
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error;
    if (!(reason instanceof Interrupted)) throw reason;
    note("Stopped: every process of the demo is ended and its temporary files are removed.");
    process.exitCode = reason.exitCode;
  } finally {
    show.close();
    await processes.stop();
    if (!complete) workspace.removeNow();
    release();
  }
}

interface Stage {
  readonly workspace: Workspace;
  readonly processes: Processes;
  readonly show: DemoShow;
  readonly signal: AbortSignal;
  readonly stop: (reason: unknown) => void;
}

/** Sets up, trains, fetches the result; answers how to show it. */
async function demonstrate(options: DemoOptions, stage: Stage): Promise<(totalSeconds: number) => void> {
  const { workspace, show, signal } = stage;
  await prepareFederation(options, stage);
  const hub = await openHub(join(workspace.hub, "operator.json"));
  try {
    const plan = demoPlan(options);
    await writeFileAtomic(workspace.plan, stringify(plan));
    show.heading(
      `Training: ${plural(options.rounds, "round")}, ${plural(options.epochs, "local epoch")}, federated averaging`,
    );
    const { runId } = await hub.startRun({
      workflowSource: JSON.stringify(trainingWorkflow("digits", plan)),
      name: "digits",
    });
    await watch(hub, runId, options, stage);
    signal.throwIfAborted();
    const run = await hub.getRun(runId);
    const result = await hub.getResult(runId);
    const saved = await hub.downloadModel(result.model, result.modelVersion, workspace.model, { signal });
    const model = { path: workspace.model, ...saved };
    const seconds = (run.endedAtMs - run.startedAtMs) / 1000;
    return (totalSeconds) =>
      show.result(result, model, { seconds, totalSeconds }, workspace.kept ? workspace.directory : undefined);
  } finally {
    hub.close();
  }
}

/** Follows the run to its end, over every kill that was asked for. */
async function watch(
  hub: HubClient,
  runId: string,
  options: DemoOptions,
  { processes, show, signal, stop }: Stage,
): Promise<void> {
  const killer = new Killer(options.kill, processes, show, stop);
  for await (const event of runEvents(hub, runId, { signal })) {
    show.event(event);
    killer.take(event);
    if (event.type === "run.failed" || event.type === "run.cancelled") {
      const { code } = eventData(event.dataJson);
      throw new ComityError(typeof code === "string" && isErrorCode(code) ? code : "INTERNAL", event.text, {
        hint: "With --keep DIR the logs of the hub and of each site stay in DIR/logs.",
      });
    }
  }
  await killer.settled();
}

/** The plan that reaches the accuracy of the README: an MLP 784-64-10. */
const demoPlan = (options: DemoOptions): PlanInput => ({
  name: "digits",
  dataset: { labels: { dataset: "digits" } },
  model: { name: "mlp", input: [784], hidden: [64], classes: 10 },
  rounds: options.rounds,
  local: { epochs: options.epochs, batch: 32, learningRate: 0.1 },
  seed: options.seed,
});
