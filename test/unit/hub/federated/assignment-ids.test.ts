import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { assignmentIdOf } from "#hub/assignments/model.js";
import { newRunId, parseAssignmentId, parseSiteId } from "#kernel/ids.js";
import type { EffectId } from "#kernel/refs.js";

describe("ids of assignments", () => {
  it("differ whenever run, call, position, stage, site or turn do, and can be read back", () => {
    const effects: EffectId[] = ["e1", "e12"];
    const stages = [newRunId(), newRunId()].flatMap((runId) =>
      effects.flatMap((effect) =>
        [1, 2, 12].flatMap((position) =>
          ["train", "evaluate", "level.2"].map((stage) => ({ runId, effect, position, stage })),
        ),
      ),
    );
    const all = stages.flatMap((stage) =>
      ["a/b", "a-b/c", "a/b-c"].flatMap((site) =>
        [undefined, 0, 1, 11].map((changes) => assignmentIdOf(stage, parseSiteId(site), changes)),
      ),
    );
    assert.equal(new Set(all).size, all.length);
    for (const id of all) assert.equal(parseAssignmentId(id), id);
  });
});
