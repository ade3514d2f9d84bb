import { type Figure, median } from "./figure.js";
import type { TakenUp } from "./resume-measure.js";

const script = new URL("./resume-measure.js", import.meta.url);
const [few, many] = [2, 9000];

/** Whether a call that has come far costs more to take up than one that has just begun. */
export const resume: Figure = {
  id: `resume-${many}`,
  what: `a training taken up after ${many} rounds against after ${few}: from its being performed to the first offer`,
  unit: "x",
  reach: 1.2,
  sense: "at most",
  comparison: "-",
  async measure(bench) {
    const dir = await bench.folder("resume");
    bench.note(`  ${many} rounds are run`);
    const child = await bench.start(script, [dir, String(few), String(many)]);
    const { result } = await child.next("measured", 1_800_000);
    await child.kill();
    const [young, old] = result as readonly TakenUp[];
    if (young === undefined || old === undefined) throw new Error("One of both was not measured.");
    const ratio = (what: "ms" | "cpuMs"): number =>
      median(old.costs.map((cost) => cost[what])) / median(young.costs.map((cost) => cost[what]));
    const [after, before] = [old, young].map(({ costs }) => median(costs.map(({ ms }) => ms)).toFixed(2));
    return {
      value: ratio("ms"),
      detail: `${old.costs.length} times in turn, ${after} ms against ${before} ms, in processor time ${ratio("cpuMs").toFixed(2)} x; a round took ${old.first.toFixed(1)} ms at the beginning and ${old.last.toFixed(1)} ms at the end`,
    };
  },
};
