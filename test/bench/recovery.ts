import { Federation } from "./federation.js";
import { type Figure, median } from "./figure.js";

const sites = 8;
const kills = 5;
/** How long each site works on a round: the hub is killed while all of them do, and is not back before they are done. */
const workMs = 400;

/** SIGKILL in the middle of a round and a new process at once, as a supervisor would; then until an answer or an offer is recorded. */
export const hubRecovery: Figure = {
  id: "hub-recovery",
  what: `hub killed in a round with ${sites} agents: from the start of the new process to the first offer or delivery`,
  unit: "s",
  reach: 2,
  sense: "at most",
  comparison: "Flower loses the run by default (13 s with a separate executor), FLARE does not resume",
  async measure(bench) {
    const federation = await Federation.start(bench, sites, { step: "copy", sleepMs: workMs });
    const { hub } = federation;
    const model = { name: "mlp" as const, input: [8], hidden: [4], classes: 2 };
    const took: number[] = [];
    let atWork = 0;
    let restartedAtMs: number | undefined;
    for await (const { type, atMs } of federation.run({ model, rounds: kills })) {
      if (type === "round.started") atWork = 0;
      if (type === "assignment.accepted" && ++atWork === sites) {
        await hub.process.kill();
        restartedAtMs = Date.now();
        await hub.startProcess();
      }
      const goesOn = type === "assignment.delivered" || type === "assignment.offered";
      if (goesOn && restartedAtMs !== undefined && atMs >= restartedAtMs) {
        took.push((atMs - restartedAtMs) / 1000);
        bench.note(`  the round goes on after ${atMs - restartedAtMs} ms`);
        restartedAtMs = undefined;
      }
    }
    await federation.stop();
    return {
      value: median(took),
      detail: `${took.length} kills, ${Math.min(...took)} to ${Math.max(...took)} s`,
    };
  },
};
