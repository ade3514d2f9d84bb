import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "mocha";
import { root } from "#test/support/pages.js";
import type { TestHub } from "../support/hub.js";
import { connectSites, finish, openOlderHub, type Seen } from "../support/older-hub.js";
import { ended } from "../support/training.js";

/** A hub takes up what one of release 0.1 was doing, and comes to the same: the rows and the expectation are in test/data/hub-0003. */
const folder = `${root}test/data/hub-0003`;
const expected = JSON.parse(await readFile(`${folder}/expected.json`, "utf8")) as Record<string, Seen>;

describe("a hub of release 0.1 that is upgraded in the middle of its work", function () {
  this.timeout(120_000);
  let hub: TestHub;
  let seen: Record<string, Seen>;

  const seenOf = (name: string): Seen => seen[name] ?? assert.fail("it is lost");

  before(async () => {
    hub = await openOlderHub(folder);
    const sites = await connectSites(hub);
    seen = await finish(hub, folder, sites);
    assert.deepEqual(
      sites.flatMap(({ faults }) => faults),
      [],
    );
  });
  // Which replays the journal of every run.
  after(() => hub[Symbol.asyncDispose]());

  it("has every run", () => {
    assert.deepEqual(Object.keys(seen).toSorted(), Object.keys(expected).toSorted());
  });

  for (const [name, then] of Object.entries(expected)) {
    describe(`the run ${name}`, () => {
      it("ends as it would have ended", () => {
        const { state, errorCode, output, result } = seenOf(name);
        assert.deepEqual(
          { state, errorCode, output, result },
          { state: then.state, errorCode: then.errorCode, output: then.output, result: then.result },
        );
      });
      it("has the same rounds and makes the same models", () => {
        assert.deepEqual(seenOf(name).rounds, then.rounds);
        assert.deepEqual(seenOf(name).versions, then.versions);
      });
      it("asks the sites for the same, and for nothing that they have delivered", () => {
        assert.deepEqual(seenOf(name).offers, then.offers);
        assert.deepEqual(seenOf(name).work, then.work);
      });
      it("keeps what was told of it", () => {
        assert.deepEqual(seenOf(name).feed, then.feed);
      });
    });
  }

  it("gives out every model version, byte by byte", async () => {
    const { models } = await hub.admin.listModels();
    for (const { model, versions } of models) {
      for (const { version, blob } of versions) {
        const hash = createHash("sha256");
        for await (const { data } of hub.admin.streamModel({ model, version, offset: 0 })) hash.update(data);
        assert.equal(hash.digest("hex"), blob?.sha256, `${model}:${version}`);
      }
    }
  });

  it("tries a training again that had failed before", async () => {
    const { runs } = await hub.admin.listRuns(1000);
    const runId = runs.find(({ name }) => name === "failed")?.runId ?? "";
    await hub.admin.retryRun({ runId });
    const run = await ended(hub, runId);
    assert.equal(run.state, "completed", run.errorText);
    assert.equal(run.rounds.findLast(({ state }) => state === "completed")?.round, run.rounds.length);
  });

  it("sees no fault in any of it", () => {
    assert.deepEqual(hub.faults, []);
  });
});
