import { type Command, Option } from "commander";
import { ComityError } from "#kernel/errors.js";
import { command, wholeNumber } from "../command.js";
import { parseKills, processName } from "../demo/kills.js";
import type { DemoOptions } from "../demo/options.js";

/** Digits that a site needs at least, so that its answers pass its own policy. */
const leastRowsEach = 100;

/** `comity demo` */
export function demoCommand(): Command {
  return command("demo", {
    summary: "watch five sites train one model, on this machine",
    description: [
      "Starts a hub and five sites as processes of their own, on free ports of this machine, with mutual TLS and join tokens",
      "as in earnest. The sites train one model on handwritten digits (MNIST); no site sees another's digits, nor does the hub.",
      "All is removed at the end but the model.",
    ].join("\n"),
    examples: [
      "comity demo",
      "comity demo --split shards --rounds 20",
      "comity demo --kill hub@3,site-2@5",
      "comity demo --keep ./demo",
    ],
  })
    .option("--rows <number>", "training digits in all", wholeNumber(leastRowsEach, 60_000), 10_000)
    .addOption(
      new Option("--split <how>", "how the digits are shared out: alike, unlike, or two labels a site")
        .choices(["iid", "dirichlet", "shards"])
        .default("dirichlet"),
    )
    .option("--sites <number>", "how many sites", wholeNumber(1, 50), 5)
    .option("--rounds <number>", "rounds of training", wholeNumber(1, 1000), 10)
    .option(
      "--epochs <number>",
      "passes of each site over its own digits in each round",
      wholeNumber(1, 100),
      5,
    )
    .option("--seed <number>", "the same seed gives the same model", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--keep <dir>", "keep the hub, the sites and the model in this folder")
    .addOption(
      new Option(
        "--kill <list>",
        "kill processes in the middle of a round and start them again: hub@3,site-2@5",
      )
        .argParser(parseKills)
        .default([], "none"),
    )
    .option("--json", "print one JSON object a line; the last one is the result")
    .action(async (options: DemoOptions) => {
      if (options.rows < options.sites * leastRowsEach) {
        throw new ComityError("USAGE", `${options.rows} digits are too few for ${options.sites} sites.`, {
          hint: `Give --rows at least ${options.sites * leastRowsEach}, or fewer --sites.`,
        });
      }
      const wrong = options.kill.find(
        ({ target, round }) =>
          (target !== "hub" && target > options.sites) || target === 0 || round > options.rounds,
      );
      if (wrong !== undefined) {
        throw new ComityError(
          "USAGE",
          `--kill ${processName(wrong.target)}@${wrong.round} names what is not there.`,
          {
            hint: `The demo has the hub, site-1 to site-${options.sites}, and ${options.rounds} rounds.`,
          },
        );
      }
      const { runDemo } = await import("../demo/main.js");
      await runDemo(options);
    });
}
