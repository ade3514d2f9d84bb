import { startAgent } from "#node-agent/main.js";
import type { Step } from "#node-agent/steps/step.js";
import { sleep } from "#kernel/async.js";
import { createLog } from "#kernel/log.js";
import type { WorkKind } from "#proto/codec/work.js";
import { endWithParent, say } from "./child.js";
import { copyModel, perturbModel } from "./update.js";

/*
 * An agent whose work is not training: `node agent.js DIR copy|perturb SLEEP_MS`. All the rest is the agent as it is:
 * session, policy, journal, cache, outbox, upload.
 */

const [dir = "", manner = "copy", sleepMs = "0"] = process.argv.slice(2);

const train: Step = {
  kind: "train",
  async run(_work, { site, round, basePath, directory, signal }) {
    say({ event: "work", site, round });
    const updatePath =
      manner === "perturb"
        ? perturbModel(basePath, directory, `${site} ${round}`)
        : copyModel(basePath, directory);
    if (Number(sleepMs) > 0) await sleep(Number(sleepMs), signal);
    return { samples: 20, metrics: { loss: 1 }, updatePath };
  },
};

endWithParent();
const agent = await startAgent({
  dir,
  log: createLog("agent", "warn"),
  steps: new Map<WorkKind, Step>([["train", train]]),
  onReady: () => say({ event: "ready" }),
});
process.once("SIGTERM", () => {
  agent.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
