import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { systemClock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { Database } from "#kernel/sqlite.js";
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

/** The first version of the schema, as it was written then. */
const firstVersion = `
create table assignments (
  id text primary key, attempt integer not null,
  state text not null check (state in ('accepted','answered','done','declined','failed','refused','cancelled')),
  offer text not null, answer text, bytes blob, receipt text, code text, reason text, retryable integer,
  created_at_ms integer not null, updated_at_ms integer not null
) strict, without rowid;
create index assignments_open on assignments (created_at_ms) where state in ('accepted', 'answered');
create index assignments_ended on assignments (updated_at_ms) where state not in ('accepted', 'answered');
create table decisions (
  seq integer primary key, at_ms integer not null,
  event text not null check (event in ('allowed', 'refused', 'outgoing')),
  assignment_id text not null, attempt integer not null, run_id text not null, run_name text not null, round integer not null,
  kind text not null, base_sha256 text not null, dataset text, rule text, reason text, op_id text, sha256 text, size_bytes integer,
  samples integer, metrics text
) strict;
`;

/** What the second has added. */
const secondVersion = `
create table events (
  position integer primary key autoincrement, id text not null unique, body text not null, accepted_at_ms integer not null
) strict;
create table watched_files (
  folder text not null, name text not null, size_bytes integer not null, mtime_ms real not null, sha256 text not null,
  primary key (folder, name)
) strict, without rowid;
`;

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
      first.answer(get(name), answer, bytes, [{ event: "outgoing", offer: get(name), answer }]);
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
      first.answer(offer, answer, bytes, [{ event: "outgoing", offer, answer }]);
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
    journal.answer(offer, answer, undefined, [{ event: "outgoing", offer, answer }]);
    const [outgoing, allowed] = journal.decisions();
    assert.equal(allowed?.["event"], "allowed");
    assert.equal(allowed["dataset"], "digits");
    assert.equal(outgoing?.["event"], "outgoing");
    assert.equal(outgoing["sha256"], hashBytes("update"));
    assert.equal(outgoing["samples"], 100);
    assert.equal(outgoing["metrics"], '{"loss":0.5}');
    journal.close();
  });

  it("accepts and answers brief work in one commit, with both lines of the site's log", async () => {
    const journal = new Journal(join(await folder(), "agent.db"), systemClock);
    const offer = offerSchema.parse({
      ...makeOffer(),
      inputs: [],
      stage: "bins",
      function: "fed.query:1.0.0@default",
      requester: "ada",
      release: "together",
      minSites: 3,
    });
    const value = answerSchema.parse({
      opId: "op-2",
      samples: 0,
      metrics: {},
      tensors: [],
      valueJson: "[7]",
    });
    journal.answer(offer, value, undefined, [
      { event: "allowed", offer, dataset: "digits", rule: "allowed" },
      { event: "outgoing", offer, answer: value },
    ]);
    assert.deepEqual(journal.open()[0]?.answer, value);
    const [outgoing, allowed] = journal.decisions();
    assert.equal(allowed?.["event"], "allowed");
    assert.equal(allowed["value_sha256"], null);
    assert.equal(outgoing?.["value_sha256"], hashBytes("[7]"));
    assert.equal(outgoing["sha256"], null);
    assert.deepEqual(
      ["stage", "function", "requester", "release", "min_sites", "base_sha256", "inputs"].map(
        (key) => allowed[key],
      ),
      ["bins", "fed.query:1.0.0@default", "ada", "together", 3, "", "{}"],
    );
    journal.close();
  });

  it("keeps a failure with the decision that went before it", async () => {
    const journal = new Journal(join(await folder(), "agent.db"), systemClock);
    const offer = makeOffer();
    const reason = { code: "WORK_FAILED", text: "no", retryable: true };
    journal.fail(offer, reason, { event: "allowed", offer });
    assert.deepEqual(journal.find(offer.assignmentId)?.reason, reason);
    assert.deepEqual(
      journal.decisions().map(({ event }) => event),
      ["allowed"],
    );
    journal.answer(offer, answer, undefined, [{ event: "outgoing", offer, answer }]);
    assert.equal(journal.find(offer.assignmentId)?.state, "answered");
    assert.equal(journal.find(offer.assignmentId)?.reason, undefined);
    journal.close();
  });

  it("has secrets of its own, the same at every start", async () => {
    const [one, two] = [join(await folder(), "agent.db"), join(await folder(), "agent.db")];
    const secretOf = (path: string, name: string): string => {
      const journal = new Journal(path, systemClock);
      const secret = journal.secret(name).toString("hex");
      journal.close();
      return secret;
    };
    const secret = secretOf(one, "a");
    assert.equal(secret.length, 64);
    assert.equal(secretOf(one, "a"), secret);
    assert.equal(new Set([secret, secretOf(one, "b"), secretOf(two, "a")]).size, 3);
  });

  it("goes on with the file of an agent of before: what was owed is owed, in offers of before", async () => {
    const path = join(await folder(), "agent.db");
    const database = new Database(path);
    database.exec(firstVersion + secondVersion);
    database.pragma("user_version = 2");
    const base = { sha256: hashBytes("base"), sizeBytes: 4 };
    const old = {
      assignmentId: "run.4.train.acme.berlin",
      attempt: 1,
      runId: "run",
      runName: "digits",
      round: 4,
      kind: "train",
      workJson: "{}",
      base,
    };
    database
      .prepare(
        `insert into assignments (id, attempt, state, offer, answer, bytes, created_at_ms, updated_at_ms)
         values (?, 1, 'answered', ?, ?, ?, 1, 1)`,
      )
      .run(old.assignmentId, JSON.stringify(old), JSON.stringify(answer), bytes);
    database
      .prepare(
        `insert into decisions (at_ms, event, assignment_id, attempt, run_id, run_name, round, kind, base_sha256)
         values (1, 'allowed', 'a', 1, 'run', 'digits', 4, 'train', 'b')`,
      )
      .run();
    database.close();
    const journal = new Journal(path, systemClock);
    const [entry] = journal.open();
    assert.deepEqual(entry?.offer.inputs, [{ name: "base", blob: base }]);
    assert.equal(entry.offer.draw, 4);
    assert.deepEqual(entry.answer, answer);
    assert.deepEqual(journal.bytesOf(entry.offer.assignmentId), bytes);
    journal.done(entry.offer, {});
    assert.equal(journal.find(entry.offer.assignmentId)?.state, "done");
    assert.equal(journal.decisions().length, 1);
    journal.accept(makeOffer("next"), { event: "allowed", offer: makeOffer("next") });
    assert.equal(journal.decisions()[0]?.["inputs"], JSON.stringify({ base: base.sha256 }));
    journal.close();
  });

  it("starts anew when an assignment is accepted again, and keeps the answer when only the attempt changes", async () => {
    const journal = new Journal(join(await folder(), "agent.db"), systemClock);
    const offer = makeOffer();
    const line = { event: "allowed", offer } as const;
    journal.accept(offer, line);
    journal.answer(offer, answer, undefined, [{ event: "outgoing", offer, answer }]);
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
    const database = new Database(path);
    database.exec(firstVersion);
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
