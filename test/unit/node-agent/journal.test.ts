import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Database } from "#kernel/sqlite.js";
import { describe, it } from "mocha";
import { systemClock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { openJournal } from "#node-agent/assignments/database.js";
import { Journal } from "#node-agent/assignments/journal.js";
import { type Answer, answerSchema, type Offer, offerSchema } from "#node-agent/assignments/model.js";
import { temporaryFolders } from "../../support/folders.js";

function makeOffer(id = "run.1.train.acme.berlin", attempt = 1): Offer {
  return offerSchema.parse({
    assignmentId: id,
    attempt,
    runId: "run",
    runName: "digits",
    round: 1,
    kind: "train",
    workJson: "{}",
    base: { sha256: hashBytes("base"), sizeBytes: 4 },
  });
}

const answer: Answer = answerSchema.parse({
  opId: "op-1",
  samples: 100,
  metrics: { loss: 0.5 },
  update: { sha256: hashBytes("update"), sizeBytes: 6 },
  tensors: [{ name: "w", dtype: "F32", shape: [2, 3] }],
});

const bytes = Buffer.from("update");

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ComityError);
    return error.code;
  }
  return "none";
};

describe("node-agent/journal", () => {
  const folder = temporaryFolders();

  it("gives back after a restart what was accepted and answered, and nothing that has ended", async () => {
    const path = join(await folder(), "agent.db");
    const names = ["accepted", "answered", "done", "declined", "failed", "refused", "cancelled"];
    const offers = new Map(names.map((name) => [name, makeOffer(name)]));
    const get = (name: string): Offer => offers.get(name) ?? assert.fail();
    const reason = { code: "WORK_FAILED", text: "no", retryable: true };
    const first = new Journal(path, systemClock);
    for (const name of ["accepted", "answered", "done", "refused", "cancelled"]) {
      first.accept(get(name), { event: "allowed", offer: get(name), dataset: "digits", rule: "allowed" });
    }
    for (const name of ["answered", "done", "refused"]) {
      first.answer(get(name), answer, bytes, { event: "outgoing", offer: get(name), answer });
    }
    first.done(get("done"), { opId: "op-1" });
    first.decline(
      get("declined"),
      { event: "refused", offer: get("declined"), rule: "pause", reason: "no" },
      reason,
    );
    first.fail(get("failed"), reason);
    first.end(get("refused"), "refused", reason);
    first.end(get("cancelled"), "cancelled", reason);
    first.close();

    const second = new Journal(path, systemClock);
    assert.deepEqual(
      second.open().map((entry) => [entry.offer.assignmentId, entry.state]),
      [
        ["accepted", "accepted"],
        ["answered", "answered"],
      ],
    );
    assert.deepEqual(second.find(get("answered").assignmentId)?.answer, answer);
    assert.deepEqual(second.find(get("answered").assignmentId)?.offer, get("answered"));
    assert.deepEqual(second.find(get("failed").assignmentId)?.reason, reason);
    for (const name of names) assert.equal(second.find(get(name).assignmentId)?.state, name);
    assert.equal(second.find(makeOffer("unknown").assignmentId), undefined);
    assert.deepEqual(second.bytesOf(get("answered").assignmentId), bytes);
    for (const name of ["done", "refused"]) assert.equal(second.bytesOf(get(name).assignmentId), undefined);
    second.close();
  });

  it("records a receipt with the next commit, before it is asked for, or when it is closed", async () => {
    const path = join(await folder(), "agent.db");
    const first = new Journal(path, systemClock);
    const [one, two] = [makeOffer("one"), makeOffer("two")];
    for (const offer of [one, two]) {
      first.accept(offer, { event: "allowed", offer });
      first.answer(offer, answer, bytes, { event: "outgoing", offer, answer });
    }
    first.done(one, {});
    assert.equal(first.find(one.assignmentId)?.state, "done");
    first.done(two, {});
    first.close();
    const second = new Journal(path, systemClock);
    assert.equal(second.find(two.assignmentId)?.state, "done");
    assert.deepEqual(second.open(), []);
    second.close();
  });

  it("has the line of the site's own log in the same commit as the answer", async () => {
    const path = join(await folder(), "agent.db");
    const journal = new Journal(path, systemClock);
    const offer = makeOffer();
    journal.accept(offer, { event: "allowed", offer, dataset: "digits", rule: "allowed" });
    journal.answer(offer, answer, undefined, { event: "outgoing", offer, answer });
    const [outgoing, allowed] = journal.decisions();
    assert.equal(allowed?.["event"], "allowed");
    assert.equal(allowed["dataset"], "digits");
    assert.equal(outgoing?.["event"], "outgoing");
    assert.equal(outgoing["sha256"], hashBytes("update"));
    assert.equal(outgoing["samples"], 100);
    assert.equal(outgoing["metrics"], '{"loss":0.5}');
    journal.close();
  });

  it("starts anew when an assignment is accepted again, and keeps the answer when only the attempt changes", async () => {
    const journal = new Journal(join(await folder(), "agent.db"), systemClock);
    const offer = makeOffer();
    const line = { event: "allowed", offer } as const;
    journal.accept(offer, line);
    journal.answer(offer, answer, undefined, { event: "outgoing", offer, answer });
    const second = makeOffer(offer.assignmentId, 2);
    journal.renew(second);
    const renewed = journal.find(offer.assignmentId);
    assert.equal(renewed?.state, "answered");
    assert.equal(renewed.offer.attempt, 2);
    assert.deepEqual(renewed.answer, answer);
    journal.reopen(second);
    assert.equal(journal.find(offer.assignmentId)?.state, "accepted");
    assert.equal(journal.find(offer.assignmentId)?.answer, undefined);
    journal.close();
  });

  it("forgets ended assignments after a week, never open ones nor the log", async () => {
    const path = join(await folder(), "agent.db");
    let nowMs = Date.UTC(2026, 0, 1);
    const clock = { ...systemClock, nowMs: () => nowMs };
    const first = new Journal(path, clock);
    const [old, owed] = [makeOffer("old"), makeOffer("owed")];
    for (const offer of [old, owed]) first.accept(offer, { event: "allowed", offer });
    first.done(old, {});
    first.close();
    nowMs += 8 * 24 * 3_600_000;
    const second = new Journal(path, clock);
    assert.equal(second.find(old.assignmentId), undefined);
    assert.equal(second.find(owed.assignmentId)?.state, "accepted");
    assert.equal(second.decisions().length, 2);
    second.close();
  });

  it("writes every commit through to the disk, also when the file is opened again", async () => {
    const path = join(await folder(), "agent.db");
    for (let time = 0; time < 2; time++) {
      const database = openJournal(path);
      assert.equal(database.pragma("synchronous", { simple: true }), 2);
      assert.equal(database.pragma("journal_mode", { simple: true }), "wal");
      assert.equal(database.pragma("foreign_keys", { simple: true }), 1);
      database.close();
    }
  });

  it("refuses a second agent in the same folder, and takes it when the first has gone", async () => {
    const path = join(await folder(), "agent.db");
    const first = new Journal(path, systemClock);
    assert.equal(
      codeOf(() => new Journal(path, systemClock)),
      "STORE_BUSY",
    );
    first.close();
    const second = new Journal(path, systemClock);
    second.close();
  });

  it("brings the file of an agent without events up to date, and keeps events in it until they are settled", async () => {
    const path = join(await folder(), "agent.db");
    const first = new Journal(path, systemClock);
    first.close();
    const database = new Database(path);
    database.exec("drop table events; drop table watched_files");
    database.pragma("user_version = 1");
    database.close();
    const second = new Journal(path, systemClock);
    const { events } = second;
    assert.equal(events.accept({ id: "1", body: "{}" }, 0), true);
    assert.equal(events.accept({ id: "1", body: "{}" }, 0), true);
    assert.equal(events.accept({ id: "1", body: '{"other":1}' }, 0), false);
    assert.deepEqual(events.oldest(5), [{ id: "1", body: "{}" }]);
    assert.deepEqual(events.settle("1"), { id: "1", body: "{}" });
    assert.equal(events.settle("1"), undefined);
    second.close();
  });

  it("refuses a damaged file and one of a newer agent", async () => {
    const dir = await folder();
    const damaged = join(dir, "damaged.db");
    await writeFile(damaged, "this is no database, whatever its name says".repeat(100));
    assert.equal(
      codeOf(() => new Journal(damaged, systemClock)),
      "STORE_DAMAGED",
    );
    const newer = join(dir, "newer.db");
    const database = new Database(newer);
    database.pragma("user_version = 99");
    database.close();
    assert.equal(
      codeOf(() => new Journal(newer, systemClock)),
      "DIRECTORY_INVALID",
    );
  });
});
