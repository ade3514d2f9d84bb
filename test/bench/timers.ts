import { startApart } from "./apart.js";
import { type BenchChild, say, told } from "./child.js";
import { EngineLoad, echo, type Load, loopOf, type Place } from "./engine-load.js";
import { type Figure, median } from "./figure.js";

const pending = 100_000;
/** Timers of one run that is waiting. */
const each = 500;
const pairs = 12;
/** The process with the timers has set them before, and needs some loops to be as quick at loops as the other. */
const warmUp = 4;

/** Two transitions of which each sets, takes back or fires a timer: those that many other timers could slow down. */
const step = `        - step: { call: "${echo}", with: { n: 1 }, timeout: { after: { hours: 1 } } }
        - rest: { wait: { milliseconds: 1 } }
`;

const waiting = `
document: { dsl: "1.0.3", namespace: default, name: waiting, version: "1.0.0" }
do:
  - all:
      fork:
        branches:
${Array.from({ length: each }, (_, n) => `          - b${n}: { wait: { days: ${30 + (n % 60)} } }\n`).join("")}`;

/** What a transition costs while 100,000 timers wait, against none. */
export const timers: Figure = {
  id: "timers",
  what: "cost of a transition with 100,000 timers pending, against none",
  unit: "x",
  reach: 1.2,
  sense: "at most",
  comparison: "-",
  async measure(bench) {
    const none = await startApart(bench, "no-timers");
    const many = await startApart(bench, "timers");
    // What is told before somebody listens is lost.
    for (const child of [none, many]) await child.next("set");
    const ratios: number[] = [];
    const cpu: number[] = [];
    const rates: number[] = [];
    for (let pair = -warmUp; pair < pairs; pair++) {
      // Side by side, and each of them first as often as second.
      const order = pair % 2 === 0 ? [none, many] : [many, none];
      const loads = new Map<BenchChild, Load>();
      for (const child of order) loads.set(child, await loop(child));
      const [without, withMany] = [loads.get(none), loads.get(many)];
      if (pair < 0 || without === undefined || withMany === undefined) continue;
      ratios.push(withMany.seconds / without.seconds);
      cpu.push(withMany.cpuSeconds / without.cpuSeconds);
      rates.push(without.perSecond);
    }
    await Promise.all([none.kill(), many.kill()]);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
    return {
      value: median(ratios),
      detail: `${pairs} pairs, ${low} to ${high}, in processor time ${median(cpu).toFixed(2)} x; without others ${median(rates).toFixed(0)} transitions/s`,
    };
  },
};

async function loop(child: BenchChild): Promise<Load> {
  child.tell("loop");
  return (await child.next("looped")) as unknown as Load;
}

/** For a process: runs the loops as often as it is told to, when the other runs have set their timers if there are to be any. */
export async function serveLoops(place: Place, isFull: boolean): Promise<never> {
  const load = await EngineLoad.open(place, "timers");
  if (isFull) await load.setTimers(waiting, pending / each, pending);
  say({ event: "set" });
  for (;;) {
    await told();
    say({ event: "looped", ...(await load.run(loopOf(20, step), 50)) });
  }
}
