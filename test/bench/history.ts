import { measureApart } from "./apart.js";
import { EngineLoad, loopOf, type Place, trivial } from "./engine-load.js";
import { type Figure, type Measured, median } from "./figure.js";

const turns = 10_000;
const part = 1000;
/** Loops side by side: with one alone the disk would take most of the time, and hide what grows. */
const runs = 4;
/** The two parts lie seconds apart: what else the machine does in one of them must not count. */
const passes = 3;

/** Whether a loop becomes slower as its history grows. */
export const history: Figure = {
  id: "history",
  what: "a loop of 10,000 iterations: the last 1,000 against the first 1,000",
  unit: "x",
  reach: 1.2,
  sense: "at most",
  comparison: "Temporal ends a run after 51,200 events",
  measure: (bench) => measureApart<Measured>(bench, "history"),
};

/** Times of calls, which are one for each iteration. */
export async function measureHistory(place: Place): Promise<Measured> {
  const calls: { atMs: number; cpuMs: number }[] = [];
  const called = (): void => {
    const { user, system } = process.cpuUsage();
    calls.push({ atMs: performance.now(), cpuMs: (user + system) / 1000 });
  };
  await using load = await EngineLoad.open(place, "history", called);
  // Not the compiler of JavaScript is to be measured, which makes the first thousand slow.
  await load.run(loopOf(part, trivial), runs);
  const spent = (what: "atMs" | "cpuMs", from: number, to: number): number =>
    (calls[to * runs - 1]?.[what] ?? Number.NaN) - (calls[from * runs]?.[what] ?? Number.NaN);
  const growth = (what: "atMs" | "cpuMs"): number => spent(what, turns - part, turns) / spent(what, 0, part);
  const ratios: number[] = [];
  const cpu: number[] = [];
  const rates: number[] = [];
  for (let pass = 0; pass < passes; pass++) {
    calls.length = 0;
    rates.push((await load.run(loopOf(turns, trivial), runs)).perSecond);
    ratios.push(growth("atMs"));
    cpu.push(growth("cpuMs"));
  }
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  return {
    value: median(ratios),
    detail: `${passes} times ${runs} loops side by side, ${low} to ${high}, in processor time ${median(cpu).toFixed(2)} x; ${median(rates).toFixed(0)} transitions/s`,
  };
}
