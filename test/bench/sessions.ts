import { sleep } from "#kernel/async.js";
import { BenchHub } from "./federation.js";
import type { Figure } from "./figure.js";
import { residentBytes } from "./memory.js";

const loadScript = new URL("./load.js", import.meta.url);
const sessions = 500;
/** So long the hub is left alone before its memory is read. */
const settleMs = 6_000;

export const sessionMemory: Figure = {
  id: "session-memory",
  what: `idle agents on one hub: resident memory for each, ${sessions} sessions from one load process`,
  unit: "kB",
  reach: 150,
  sense: "at most",
  comparison: "a bare grpc-js mTLS session costs 85 to 100 kB",
  async measure(bench) {
    const hub = await BenchHub.start(bench);
    const load = await bench.start(loadScript, [hub.dir, String(sessions)]);
    bench.note(`  ${sessions} sites have joined`);
    await sleep(settleMs);
    const without = residentBytes(hub.process.pid, "VmRSS");
    load.tell("connect");
    await load.next("connected");
    await sleep(settleMs);
    const withThem = residentBytes(hub.process.pid, "VmRSS");
    const { sitesOnline } = await hub.client.getHub();
    if (sitesOnline !== sessions) throw new Error(`Only ${sitesOnline} of ${sessions} sessions stand.`);
    await load.kill();
    await hub.stop();
    const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
    return {
      value: (withThem - without) / sessions / 1000,
      detail: `the hub has ${megabytes(without)} without and ${megabytes(withThem)} with them`,
    };
  },
};
