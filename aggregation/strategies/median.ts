import { strategyOptions } from "./options.js";
import { eachSorted } from "./sorting.js";
import type { EachStrategy } from "./strategy.js";

/** For each value the middle one of the sites', of an even number of sites the mean of the two in the middle. */
export const median: EachStrategy<object, null> = {
  name: "median",
  purpose:
    "Takes the median of the sites for each value: fewer than half of them, however wrong, cannot move it far (Yin et al. 2018, arXiv 1803.01498).",
  revision: 1,
  form: "each",
  integers: true,
  options: strategyOptions({}),
  needs: { of: "each" },
  decide: () => ({ go: null }),
  tile(_options, { updates, out }) {
    const upper = updates.length >> 1;
    const lower = (updates.length - 1) >> 1;
    eachSorted(updates, out.length, (column, place) => {
      const [low, high] = [column[lower] ?? 0, column[upper] ?? 0];
      out[place] = lower === upper ? high : (low + high) / 2;
    });
  },
};
