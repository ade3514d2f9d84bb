import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { AssignmentId } from "#kernel/ids.js";
import type { Database } from "#kernel/sqlite.js";
import { EventJournal } from "../events/journal.js";
import { openJournal } from "./database.js";
import {
  type Answer,
  answerSchema,
  type Entry,
  type LogLine,
  type Offer,
  offerSchema,
  type Reason,
  states,
} from "./model.js";
import { SiteLog } from "./site-log.js";
import { type StateRow, StateRows } from "./state-rows.js";

/** Ended assignments are kept this long, so that one offered again after a hub's restore is recognised. */
const keepEndedMs = 7 * 24 * 3_600_000;
const pruneEvery = 500;
/** How long a receipt may wait for a commit to go with. */
const lazyMs = 200;

const rowSchema = z.object({
  state: z.enum(states),
  offer: z.string(),
  answer: z.string().nullable(),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  retryable: z.int().nullable(),
});

/**
 * What the agent has promised and decided, in its own SQLite file. Every method that changes something, but `done`, returns after the
 * commit is on disk; each is one transaction, so one fsync.
 */
export class Journal {
  /** The events that the hub is owed, in the same file. */
  readonly events: EventJournal;
  /** What works keep at the site, in the same file. */
  readonly states: StateRows;
  readonly #database: Database;
  readonly #log: SiteLog;
  readonly #clock: Clock;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #pending = new Map<
    AssignmentId,
    { id: string; attempt: number; nowMs: number; receipt: string }
  >();
  #timer: NodeJS.Timeout | undefined;
  #writes = 0;

  constructor(path: string, clock: Clock) {
    this.#database = openJournal(path);
    this.events = new EventJournal(this.#database);
    this.states = new StateRows(this.#database);
    this.#log = new SiteLog(this.#database);
    this.#clock = clock;
    this.#statements = prepare(this.#database);
    this.#statements.prune.run(clock.nowMs() - keepEndedMs);
  }

  /** The assignment with this id, if it is known here. */
  find(id: AssignmentId): Entry | undefined {
    if (this.#pending.has(id)) this.flush();
    const row = this.#statements.find.get(id);
    return row === undefined ? undefined : toEntry(row);
  }

  /** Every assignment without a receipt or another end, oldest first. */
  open(): Entry[] {
    return this.#statements.open.all().map(toEntry);
  }

  /** The policy has allowed an offer: the agent owes an answer from now on. */
  accept(offer: Offer, line: LogLine): void {
    this.#write(() => {
      this.#log.append(line, this.#clock.nowMs());
      this.#put(offer, "accepted", undefined);
    });
  }

  /** The site declines an offer; `decision` where the policy has allowed it before, and that is not in the log yet. */
  decline(offer: Offer, line: LogLine, reason: Reason, decision?: LogLine): void {
    this.#write(() => {
      if (decision !== undefined) this.#log.append(decision, this.#clock.nowMs());
      this.#log.append(line, this.#clock.nowMs());
      this.#put(offer, "declined", reason);
    });
  }

  /** The work could not be done, or the offer not even be put to the policy; `decision` where the policy's is not in the log yet. */
  fail(offer: Offer, reason: Reason, decision?: LogLine): void {
    this.#write(() => {
      if (decision !== undefined) this.#log.append(decision, this.#clock.nowMs());
      this.#put(offer, "failed", reason);
    });
  }

  /** The same assignment under a newer attempt; what is owed and what is answered stays. */
  renew(offer: Offer): void {
    this.#write(() => {
      this.#statements.renew.run({ ...this.#key(offer), offer: JSON.stringify(offer) });
    });
  }

  /**
   * The answer, and `bytes` where its update is small; a large one is in the outbox already. With it go the lines of the site's log that
   * must be durable before anything leaves, and what the work keeps at the site. Brief work is accepted and answered by this alone.
   * Returns the names of the files of states that are not kept any more.
   */
  answer(
    offer: Offer,
    answer: Answer,
    bytes: Uint8Array | undefined,
    lines: readonly LogLine[],
    state?: StateRow,
  ): readonly string[] {
    let gone: readonly string[] = [];
    this.#write(() => {
      if (state !== undefined)
        gone = [...this.states.settle(offer), ...this.states.record(offer, state, this.#clock.nowMs())];
      for (const line of lines) this.#log.append(line, this.#clock.nowMs());
      this.#statements.answer.run({
        ...this.#key(offer),
        offer: JSON.stringify(offer),
        answer: JSON.stringify(answer),
        bytes: bytes ?? null,
      });
    });
    return gone;
  }

  /** The bytes of an update that lies here; undefined when it is in the outbox, or there is none. */
  bytesOf(id: AssignmentId): Buffer | undefined {
    const bytes = this.#statements.bytes.get(id);
    return Buffer.isBuffer(bytes) ? bytes : undefined;
  }

  /** The answer is lost or damaged: the work is owed again. */
  reopen(offer: Offer): void {
    this.#write(() => this.#put(offer, "accepted", undefined));
  }

  /**
   * The hub's receipt has come. Recorded with the next commit, or {@link lazyMs} later: if that is lost, the answer is sent again,
   * and the hub repeats its receipt.
   */
  done(offer: Offer, receipt: object): void {
    this.#pending.set(offer.assignmentId, { ...this.#key(offer), receipt: JSON.stringify(receipt) });
    this.#timer ??= setTimeout(() => this.#flushLazily(), lazyMs);
  }

  /** Commits what {@link done} has put off. */
  flush(): void {
    if (this.#pending.size > 0) this.#write(() => undefined);
  }

  /** The end without a receipt. */
  end(offer: Offer, state: "failed" | "refused" | "cancelled" | "declined", reason: Reason): void {
    this.#write(() =>
      this.#statements.end.run({
        ...this.#key(offer),
        state,
        code: reason.code,
        reason: reason.text,
        retryable: reason.retryable ? 1 : 0,
      }),
    );
  }

  /** Random bytes that this site alone knows, the same at every start. */
  secret(name: string): Buffer {
    this.#statements.makeSecret.run(name, randomBytes(32));
    return z.instanceof(Buffer).parse(this.#statements.secret.get(name));
  }

  /** The newest lines of the site's log, newest first. */
  decisions(limit = 50): Record<string, unknown>[] {
    return this.#log.newest(limit);
  }

  close(): void {
    this.#flushLazily();
    this.#database.close();
  }

  #flushLazily(): void {
    try {
      this.flush();
    } catch {
      // A full disk: the answers are sent again after the next start.
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #write(change: () => void): void {
    try {
      // `immediate`: a commit is one fsync of the write-ahead log, however many rows it holds.
      this.#statements.transaction.immediate(() => {
        for (const row of this.#pending.values()) this.#statements.done.run(row);
        change();
      });
      this.#pending.clear();
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "SQLITE_FULL") {
        throw new ComityError("DISK_FULL", "The agent's journal cannot be written: the disk is full.", {
          hint: "Free some space; work goes on by itself.",
          cause,
        });
      }
      throw cause;
    }
    if (++this.#writes % pruneEvery === 0) this.#statements.prune.run(this.#clock.nowMs() - keepEndedMs);
  }

  #key(offer: Offer): { id: string; attempt: number; nowMs: number } {
    return { id: offer.assignmentId, attempt: offer.attempt, nowMs: this.#clock.nowMs() };
  }

  #put(offer: Offer, state: "accepted" | "declined" | "failed", reason: Reason | undefined): void {
    this.#statements.put.run({
      ...this.#key(offer),
      state,
      offer: JSON.stringify(offer),
      code: reason?.code ?? null,
      reason: reason?.text ?? null,
      retryable: reason === undefined ? null : reason.retryable ? 1 : 0,
    });
  }
}

function prepare(database: Database) {
  const columns = "state, offer, answer, code, reason, retryable";
  const set = "update assignments set updated_at_ms = @nowMs";
  return {
    transaction: database.transaction((change: () => void) => change()),
    find: database.prepare<[string]>(`select ${columns} from assignments where id = ?`),
    open: database.prepare(
      `select ${columns} from assignments where state in ('accepted', 'answered') order by created_at_ms, id`,
    ),
    put: database.prepare(
      `insert into assignments (id, attempt, state, offer, code, reason, retryable, created_at_ms, updated_at_ms)
       values (@id, @attempt, @state, @offer, @code, @reason, @retryable, @nowMs, @nowMs)
       on conflict (id) do update set attempt = @attempt, state = @state, offer = @offer, answer = null, bytes = null, receipt = null,
         code = @code, reason = @reason, retryable = @retryable, updated_at_ms = @nowMs`,
    ),
    renew: database.prepare(`${set}, attempt = @attempt, offer = @offer where id = @id`),
    answer: database.prepare(
      `insert into assignments (id, attempt, state, offer, answer, bytes, created_at_ms, updated_at_ms)
       values (@id, @attempt, 'answered', @offer, @answer, @bytes, @nowMs, @nowMs)
       on conflict (id) do update set attempt = @attempt, state = 'answered', offer = @offer, answer = @answer, bytes = @bytes,
         receipt = null, code = null, reason = null, retryable = null, updated_at_ms = @nowMs`,
    ),
    done: database.prepare(`${set}, state = 'done', bytes = null, receipt = @receipt where id = @id`),
    end: database.prepare(
      `${set}, state = @state, bytes = null, code = @code, reason = @reason, retryable = @retryable where id = @id`,
    ),
    makeSecret: database.prepare(
      "insert into secrets (name, value) values (?, ?) on conflict (name) do nothing",
    ),
    secret: database.prepare<[string]>("select value from secrets where name = ?").pluck(),
    bytes: database.prepare<[string]>("select bytes from assignments where id = ?").pluck(),
    prune: database.prepare<[number]>(
      "delete from assignments where updated_at_ms < ? and state not in ('accepted', 'answered')",
    ),
  };
}

function toEntry(found: unknown): Entry {
  const row = rowSchema.parse(found);
  return {
    offer: offerSchema.parse(JSON.parse(row.offer)),
    state: row.state,
    answer: row.answer === null ? undefined : answerSchema.parse(JSON.parse(row.answer)),
    reason:
      row.code === null
        ? undefined
        : { code: row.code, text: row.reason ?? "", retryable: row.retryable === 1 },
  };
}
