import type { Bench } from "./bench.js";
import { Federation } from "./federation.js";
import { type Figure, median, steps } from "./figure.js";
import { residentBytes } from "./memory.js";
import { measureRawStream } from "./raw-stream.js";

const sites = 8;
const rounds = 7;
/** 25,000,000 weights and 5,000 biases: 100 MB. */
const side = 5000;
export const hundredMegabytes = (side * side + side) * 4;

/** One layer of 100 MB. */
export const hundredLayers = [
  {
    class_name: "Dense",
    config: { name: "dense", units: side, activation: "linear", batch_input_shape: [null, side] },
  },
];

/** Each site fetches the model and sends an update. */
const bytesOfRound = 2 * sites * hundredMegabytes;

interface Hundred {
  readonly hubPeakBytes: number;
  /** Of each round but the first, which warms up. */
  readonly roundsMs: readonly number[];
  readonly rawMs: readonly number[];
}

/** Rounds with 8 sites and a model of 100 MB; before and after them the same bytes over one bare stream. */
function measureHundred(bench: Bench): Promise<Hundred> {
  return bench.once("8x100", async () => {
    const rawMs = [await measureRawStream(bench, bytesOfRound), await measureRawStream(bench, bytesOfRound)];
    const federation = await Federation.start(bench, sites, { step: "perturb" });
    const times = await federation.rounds({ model: { layers: hundredLayers }, rounds }, (text) =>
      bench.note(`  ${text}`),
    );
    const hubPeakBytes = residentBytes(federation.hub.process.pid, "VmHWM");
    await federation.stop();
    rawMs.push(await measureRawStream(bench, bytesOfRound), await measureRawStream(bench, bytesOfRound));
    return { hubPeakBytes, roundsMs: steps(times).slice(1), rawMs };
  });
}

export const hubMemory: Figure = {
  id: "hub-memory-8x100",
  what: "8 sites x 100 MB update: the hub's peak resident memory",
  unit: "MB",
  reach: 300,
  sense: "at most",
  comparison: "Flower 1.3 + 2.1 GB, FLARE 0.9 + 3.2 GB",
  async measure(bench) {
    const { hubPeakBytes } = await measureHundred(bench);
    return { value: hubPeakBytes / 1e6, detail: `over the whole life of the process, ${rounds} rounds` };
  },
};

export const throughput: Figure = {
  id: "throughput-8x100",
  what: "8 sites x 100 MB, down and up: speed of a round against one bare grpc-js stream over mTLS",
  unit: "x",
  reach: 0.6,
  sense: "at least",
  comparison: "a round takes Flower 46 s, FLARE 17 s",
  async measure(bench) {
    const { roundsMs, rawMs } = await measureHundred(bench);
    const [round, raw] = [median(roundsMs), median(rawMs)];
    const describe = (ms: number) =>
      `${(ms / 1000).toFixed(2)} s (${Math.round(bytesOfRound / ms / 1000)} MB/s)`;
    return {
      value: raw / round,
      detail: `${roundsMs.length} rounds, median ${describe(round)}; the stream ${describe(raw)}`,
    };
  },
};
