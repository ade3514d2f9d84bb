import { sleep } from "#kernel/async.js";
import { createLog } from "#kernel/log.js";
import { startAgent } from "#node-agent/main.js";
import { requiredInput, type Step } from "#node-agent/steps/step.js";
import { type TrainBody, train } from "#proto/work/train.js";
import { endWithParent, say } from "./child.js";
import { countsFile, type LevelBody, level } from "./levels.js";
import { copyModel, perturbModel } from "./update.js";

/*
 * An agent whose work is not training: `node agent.js DIR copy|perturb|levels SLEEP_MS`. All the rest is the agent as it is:
 * session, policy, journal, cache, outbox, upload.
 */

const [dir = "", manner = "copy", sleepMs = "0"] = process.argv.slice(2);

const trainStep: Step<TrainBody, "base" | "control"> = {
  kind: train,
  async run(_body, context) {
    const { site, draw, directory, signal } = context;
    // In the rounds of one training a draw is the round.
    say({ event: "work", site, round: draw });
    const basePath = await requiredInput(context, "base");
    const updatePath =
      manner === "perturb"
        ? perturbModel(basePath, directory, `${site} ${draw}`)
        : copyModel(basePath, directory);
    if (Number(sleepMs) > 0) await sleep(Number(sleepMs), signal);
    return { samples: 20, figures: { loss: 1 }, updatePath };
  },
};

const levelStep: Step<LevelBody> = {
  kind: level,
  run: (body, { site }) => Promise.resolve({ samples: 0, figures: {}, update: countsFile(site, body) }),
};

endWithParent();
const agent = await startAgent({
  dir,
  log: createLog("agent", "warn"),
  steps: [manner === "levels" ? levelStep : trainStep],
  onReady: () => say({ event: "ready" }),
});
process.once("SIGTERM", () => {
  agent.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
