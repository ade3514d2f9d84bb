import { measureApart } from "./apart.js";
import { EngineLoad, loopOf, type Place, trivial } from "./engine-load.js";
import type { Figure, Measured } from "./figure.js";

const turns = 10_000;
const part = 1000;
/** Loops side by side: with one alone the disk would take most of the time, and hide what grows. */
const runs = 4;

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
  calls.length = 0;
  const { perSecond } = await load.run(loopOf(turns, trivial), runs);
  const spent = (what: "atMs" | "cpuMs", from: number, to: number): number =>
    (calls[to * runs - 1]?.[what] ?? Number.NaN) - (calls[from * runs]?.[what] ?? Number.NaN);
  const [first, last] = [spent("atMs", 0, part), spent("atMs", turns - part, turns)];
  const cpu = spent("cpuMs", turns - part, turns) / spent("cpuMs", 0, part);
  const seconds = [first, last].map((ms) => (ms / 1000).toFixed(2)).join(" s and ");
  return {
    value: last / first,
    detail: `${runs} loops side by side, ${seconds} s, in processor time ${cpu.toFixed(2)} x; ${perSecond.toFixed(0)} transitions/s`,
  };
}
