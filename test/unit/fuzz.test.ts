import { describe, it } from "mocha";
import { fuzz } from "../fuzz/harness.js";
import { targets } from "../fuzz/targets.js";

/** Enough for what is found soon; `npm run fuzz` goes on from there. */
const cases = 250;

describe("what comes from outside", () => {
  for (const target of targets) it(`is decoded or refused: ${target.name}`, () => fuzz(target, { cases }));
});
