import { Argument, type Command, Option } from "commander";
import { parseRunId } from "#kernel/ids.js";
import { counted } from "#kernel/words.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import { command, hubOption, jsonOption } from "../command.js";
import { type HubClient, type HubOptions, runIdOrNewest, withHub } from "../hub.js";
import { readDefinition } from "../lint.js";
import { printAnswer } from "../render/output.js";
import { renderExplanation } from "../render/workflow.js";

type Options = HubOptions & { readonly json?: true };

/** `comity run cancel`, `pause`, `resume`, `retry`, `verify` and `why`: what can be done with a run that exists. */
export function runControlCommands(): Command[] {
  return [cancel(), pause(), resume(), retry(), verify(), why()];
}

const cancel = (): Command =>
  onRun("cancel", "end a run before its time", ['comity run cancel RUN --reason "wrong data"'])
    .description(
      "Ends a run. Steps that catch the cancellation (an error of type `…/errors/cancelled`) are done first;\na second cancel ends the run at once.",
    )
    .addOption(reasonOption())
    .action((id: string, options: Options & { reason: string }) =>
      change(id, options, (hub, runId) => hub.cancelRun({ runId, reason: options.reason })),
    );

const pause = (): Command =>
  onRun("pause", "start no new step of a run", ['comity run pause RUN --reason "maintenance"'])
    .addOption(reasonOption())
    .action((id: string, options: Options & { reason: string }) =>
      change(id, options, (hub, runId) => hub.pauseRun({ runId, reason: options.reason })),
    );

const resume = (): Command =>
  onRun("resume", "go on with a paused run", ["comity run resume RUN"]).action(
    (id: string, options: Options) => change(id, options, (hub, runId) => hub.resumeRun({ runId })),
  );

const retry = (): Command =>
  onRun("retry", "go on with a failed run", [
    "comity run retry RUN",
    "comity run retry RUN --from evaluate",
    "comity run retry RUN --definition corrected.yaml",
  ])
    .description(
      "Goes on with a run that has failed: from the failed task, or from any task by its name or JSON Pointer,\nwith the definition that it has or with a new one.",
    )
    .option("--from <task>", "the task to begin with", "")
    .option("--definition <file>", "the workflow from now on")
    .action(async (id: string, options: Options & { from: string; definition?: string }) => {
      const source = options.definition === undefined ? "" : await readDefinition(options.definition);
      await change(id, options, (hub, runId) =>
        hub.retryRun({ runId, from: options.from, workflowSource: source }),
      );
    });

const verify = (): Command =>
  onRun(
    "verify",
    "play a run's journal again and compare",
    ["comity run verify", "comity run verify RUN"],
    "optional",
  ).action(async (id: string | undefined, options: Options) => {
    const reply = await withHub(options, async (hub) => hub.verifyRun(await runIdOrNewest(hub, id)));
    printAnswer(options, reply, ({ transitions, compacted, stateSha256, rounds }) => {
      const before = compacted === 0 ? "" : ` after ${compacted} that were compacted`;
      const played = rounds === 0 ? "" : `, ${counted(rounds, "round")} too`;
      return `The journal gives the snapshot: ${transitions} transitions played again${before}${played}, state ${stateSha256}.`;
    });
  });

const why = (): Command =>
  onRun(
    "why",
    "tell what a run waits for, or why it failed",
    ["comity run why", "comity run why RUN"],
    "optional",
  ).action(async (id: string | undefined, options: Options) => {
    const reply = await withHub(options, async (hub) => hub.explainRun(await runIdOrNewest(hub, id)));
    printAnswer(options, reply, renderExplanation);
  });

/** A command that works on one run; one that only reads takes the newest when none is named. */
const onRun = (
  name: string,
  summary: string,
  examples: readonly string[],
  which: "named" | "optional" = "named",
): Command =>
  command(name, { summary, examples })
    .addArgument(which === "named" ? namedRun() : optionalRun())
    .addOption(hubOption())
    .addOption(jsonOption());

const namedRun = () => new Argument("<run>", "the run's id");
const optionalRun = () => new Argument("[run]", "the run's id (default: the newest run)");

const reasonOption = (): Option => new Option("--reason <text>", "why; it is kept with the run").default("");

async function change(
  id: string,
  options: Options,
  call: (hub: HubClient, runId: string) => Promise<Run__Output>,
): Promise<void> {
  const run = await withHub(options, (hub) => call(hub, parseRunId(id)));
  printAnswer(options, run, () => `Run ${run.runId} is ${run.state}.`);
}
