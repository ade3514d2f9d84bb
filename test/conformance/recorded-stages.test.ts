import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { describe, it } from "mocha";
import { functions } from "#hub/federated/functions/index.js";
import { jsonForm } from "#kernel/json.js";
import { root } from "#test/support/pages.js";
import { PlayedBlobs } from "#test/support/played-blobs.js";
import { type RecordedCall, type ReplayedRound, replayCalls } from "#test/support/recorded-calls.js";

/** The calls of a run at some moment, and what their scripts made of their rows then. */
interface Recording {
  readonly name: string;
  readonly at: string;
  readonly calls: readonly RecordedCall[];
  readonly played: readonly (readonly ReplayedRound[])[];
}

const packed = gunzipSync(await readFile(`${root}test/data/stages-1.json.gz`)).toString();
const { recordings, blobs: kept } = JSON.parse(packed) as {
  readonly recordings: readonly Recording[];
  readonly blobs: readonly string[];
};

/**
 * A hub that is upgraded goes on with calls whose rows an older one has written, and `run verify` plays them again: a script asks for the
 * same, its folds give the same bytes, and it comes to the same states. What is to be different is a new revision.
 */
describe("stages that revision 1 of the scripts has left", function () {
  this.timeout(60_000);
  const blobs = new PlayedBlobs();
  for (const text of kept) blobs.put(Buffer.from(text, "base64"));

  for (const { name, at, calls, played } of recordings) {
    it(`${name}, ${at}`, () => {
      assert.deepEqual(jsonForm(replayCalls(functions, calls, blobs)), played);
    });
  }

  it("are of the functions and strategies that there were, in the middle and at the end", () => {
    const recorded = recordings.flatMap(({ calls }) => calls.map(({ call }) => call));
    const names = [...new Set(recorded.map((call) => call.function))].map((name) => name.split(":")[0]);
    assert.deepEqual(names.toSorted(), ["fed.evaluate", "fed.query", "fed.round", "fed.train"]);
    for (const name of new Set(recorded.map((call) => call.function))) {
      const statuses = recorded.filter((call) => call.function === name).map(({ status }) => status);
      assert.ok(statuses.includes("completed") && statuses.includes("open"), name);
    }
    const choices = recorded.map(
      ({ argument }) => argument as { readonly strategy?: { readonly name: string } },
    );
    const strategies = new Set(choices.flatMap(({ strategy }) => strategy?.name ?? []));
    assert.equal(strategies.size, 12);
    assert.ok(recorded.some(({ status, origin, effect }) => status === "completed" && origin !== effect));
  });
});
