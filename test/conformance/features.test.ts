import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { readFeatures } from "./feature.js";
import { Runner } from "./runner.js";

/** Every scenario of ours on the engine itself; see docs/reference/conformance.md. */
const files = await readFeatures("test/conformance/features");

describe("the workflow language, scenario by scenario", () => {
  let runner: Runner;
  before(async () => {
    runner = await Runner.open();
  });
  after(() => runner[Symbol.asyncDispose]());

  for (const { file, scenarios, error } of files) {
    describe(file, () => {
      it("can be read", () => assert.equal(error, undefined));
      for (const scenario of scenarios) {
        it(scenario.name, async () => {
          const { failure } = await runner.run(scenario);
          const where =
            failure?.step === undefined ? "" : ` (line ${failure.step.line}, ${failure.step.text})`;
          assert.equal(failure, undefined, `${failure?.reason ?? ""}${where}`);
        });
      }
    });
  }
});
