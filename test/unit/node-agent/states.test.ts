import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { systemClock } from "#kernel/clock.js";
import { hashBytes } from "#kernel/files.js";
import { parseAssignmentId, parseRunId } from "#kernel/ids.js";
import { Journal } from "#node-agent/assignments/journal.js";
import { answerSchema, type Offer, offerSchema } from "#node-agent/assignments/model.js";
import { SiteStates } from "#node-agent/assignments/states.js";
import { temporaryFolders } from "../../support/folders.js";

const answer = answerSchema.parse({ opId: "op", samples: 1, metrics: {}, tensors: [] });

/** The offer of one assignment of a state's course; `draw` numbers the rounds. */
const offerOf = (id: string, draw: number, stateFrom = "", stateKey = "run/train"): Offer =>
  offerSchema.parse({
    assignmentId: id,
    attempt: 1,
    runId: stateKey.slice(0, stateKey.indexOf("/")),
    runName: "digits",
    round: 1,
    kind: "train",
    workJson: "{}",
    draw,
    stateKey,
    stateFrom,
  });

describe("node-agent/states", () => {
  const folder = temporaryFolders();

  async function site() {
    const dir = await folder();
    const journal = new Journal(join(dir, "agent.db"), systemClock);
    const states = new SiteStates(journal.states, join(dir, "states"));
    await states.prepare();
    /** Answers an offer with a state; a text above 64 KiB becomes a file. */
    const write = async (offer: Offer, text: string): Promise<void> => {
      await writeFile(join(dir, "state"), text);
      const state = await states.put(join(dir, "state"));
      await states.remove(journal.answer(offer, answer, undefined, [], state));
    };
    /** What an offer would go on from. */
    const read = async (offer: Offer): Promise<string> => {
      try {
        const state = await states.find(offer);
        return state === undefined ? "none" : state.sha256;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    /** Which generations of a key are there. */
    const there = async (ids: readonly string[], key?: string): Promise<string[]> => {
      const found = await Promise.all(
        ids.map(async (id) => ((await read(offerOf("x", 9, id, key))) === "STATE_LOST" ? [] : [id])),
      );
      return found.flat();
    };
    return { dir, journal, states, write, read, there };
  }

  const large = "s".repeat(70_000);

  for (const [size, text] of [
    ["small", "state"],
    ["large", large],
  ] as const) {
    it(`gives back the generation that an offer counts from: a ${size} state`, async () => {
      const { dir, journal, states, write, read } = await site();
      const first = offerOf("a1", 1);
      assert.equal(await read(first), "none");
      await write(first, text);
      const next = offerOf("a2", 2, "a1");
      assert.equal(await read(next), hashBytes(text));
      assert.equal(await read(offerOf("a2", 2, "a0")), "STATE_LOST");
      assert.equal(await read(offerOf("a2", 2, "a1", "run/other")), "STATE_LOST");
      assert.equal((await readdir(join(dir, "states"))).length, size === "large" ? 1 : 0);
      const state = await states.find(next);
      assert.ok(state);
      assert.equal(hashBytes(await readFile(await states.open(state, dir))), hashBytes(text));
      journal.close();
    });
  }

  it("keeps the last one that was folded and the newest answer, and nothing older", async () => {
    const { dir, journal, write, there } = await site();
    await write(offerOf("a1", 1), `${large}1`);
    await write(offerOf("a2", 2, "a1"), `${large}2`);
    assert.deepEqual(await there(["a1", "a2"]), ["a1", "a2"]);
    await write(offerOf("a3", 3, "a2"), `${large}3`);
    assert.deepEqual(await there(["a1", "a2", "a3"]), ["a2", "a3"]);
    assert.equal((await readdir(join(dir, "states"))).length, 2);
    journal.close();
  });

  it("drops an answer that was not folded, when the round is done anew", async () => {
    const { journal, write, there } = await site();
    await write(offerOf("a1", 1), "1");
    await write(offerOf("late", 2, "a1"), "late");
    await write(offerOf("a2", 2, "a1"), "2");
    assert.deepEqual(await there(["a1", "late", "a2"]), ["a1", "a2"]);
    journal.close();
  });

  it("keeps within a round the state from before it: the round may be done anew", async () => {
    const { journal, write, there } = await site();
    await write(offerOf("before", 1), "0");
    await write(offerOf("level1", 2, "before"), "1");
    await write(offerOf("level2", 2, "level1"), "2");
    await write(offerOf("level3", 2, "level2"), "3");
    assert.deepEqual(await there(["before", "level1", "level2", "level3"]), ["before", "level2", "level3"]);
    await write(offerOf("again1", 3, "before"), "1");
    assert.deepEqual(await there(["before", "level2", "level3", "again1"]), ["before", "again1"]);
    journal.close();
  });

  it("takes nothing from a newer round when work of an older one ends late", async () => {
    const { journal, write, there } = await site();
    await write(offerOf("a1", 1), "1");
    await write(offerOf("a3", 3, "a1"), "3");
    await write(offerOf("a2", 2, "a1"), "2");
    assert.deepEqual(await there(["a1", "a2", "a3"]), ["a1", "a2", "a3"]);
    journal.close();
  });

  it("begins anew without what was before, and knows the keys apart", async () => {
    const { journal, write, there } = await site();
    await write(offerOf("a1", 1), "1");
    await write(offerOf("b1", 1, "", "run/trees"), "1");
    await write(offerOf("a2", 2), "2");
    assert.deepEqual(await there(["a1", "a2"]), ["a2"]);
    assert.deepEqual(await there(["b1"], "run/trees"), ["b1"]);
    journal.close();
  });

  it("has the newer bytes when the same assignment is answered again", async () => {
    const { dir, journal, write, read } = await site();
    await write(offerOf("a1", 1), `${large}1`);
    await write(offerOf("a1", 1), `${large}2`);
    assert.equal(await read(offerOf("a2", 2, "a1")), hashBytes(`${large}2`));
    assert.equal((await readdir(join(dir, "states"))).length, 1);
    journal.close();
  });

  it("says that a state is lost when its file is gone or damaged", async () => {
    const { dir, journal, write, read } = await site();
    await write(offerOf("a1", 1), large);
    const [file = ""] = await readdir(join(dir, "states"));
    await writeFile(join(dir, "states", file), "damaged");
    assert.equal(await read(offerOf("a2", 2, "a1")), "STATE_LOST");
    await rm(join(dir, "states", file));
    assert.equal(await read(offerOf("a2", 2, "a1")), "STATE_LOST");
    journal.close();
  });

  it("forgets a run that is over, and at a start the files that nobody names", async () => {
    const { dir, journal, states, write, there } = await site();
    await write(offerOf("a1", 1), large);
    await write(offerOf("b1", 1, "", "other/train"), large);
    assert.deepEqual(journal.states.runs(), ["other", "run"]);
    await states.endRun(parseRunId("run"));
    assert.deepEqual(journal.states.runs(), ["other"]);
    assert.deepEqual(await there(["a1"]), []);
    assert.equal((await readdir(join(dir, "states"))).length, 1);
    await writeFile(join(dir, "states", "left over"), "");
    await states.prepare();
    assert.equal((await readdir(join(dir, "states"))).length, 1);
    assert.deepEqual(await there(["b1"], "other/train"), ["b1"]);
    journal.close();
  });

  it("is written with its answer, or not at all", async () => {
    const { dir, journal, states, there } = await site();
    const broken = { ...offerOf("a1", 1), assignmentId: parseAssignmentId("a1") };
    await writeFile(join(dir, "state"), "1");
    const state = await states.put(join(dir, "state"));
    // A line of the log that the database does not take: the whole commit fails.
    const line = { event: "sent" as "outgoing", offer: broken };
    assert.throws(() => journal.answer(broken, answer, undefined, [line], state), /CHECK constraint/);
    assert.deepEqual(await there(["a1"]), []);
    assert.equal(journal.find(broken.assignmentId), undefined);
    journal.close();
  });
});
