import { CompiledQuery, type Kysely, type Transaction } from "kysely";
import { sleep } from "#kernel/async.js";
import { type Log, silentLog } from "#kernel/log.js";
import type { Hold } from "./belonging/admission.js";
import type { Dialect, HubDatabase } from "./database.js";
import type { Notifier } from "./notifier.js";
import type { Reach } from "./reach.js";
import type { Schema } from "./schema.js";
import type { Gatherer, Tx } from "./tx.js";

/** How long a fact that is not urgent may wait for others: whatever is written meanwhile takes it along. */
const soonMs = 20;

/** A database that is away is tried again so soon, and ever more seldom. */
const tryMs = 100;
const maxTryMs = 1_000;

/** Works that share one transaction at the most. */
const maxGroup = 64;

/** A unit that waits for its turn. */
interface Job {
  /** Runs it; returns what is to be done after COMMIT. */
  readonly run: (db: Transaction<Schema>, gathered: Gathered) => Promise<() => void>;
  readonly reject: (error: unknown) => void;
  /** Has no statement of its own, and so nothing that would have to be undone alone. */
  readonly onlyGathers: boolean;
  /** Its gatherer writes before the works. */
  readonly isFirst: boolean;
}

type Gathered = Map<Gatherer<never>, unknown[]>;

/**
 * The hub's database: reads go to {@link Store.db}, every change goes through {@link Store.write}. Changes that are ready at the
 * same moment share one COMMIT, and so one sync of the disk (group commit); each keeps to itself what fails.
 */
export class Store {
  readonly db: Kysely<Schema>;
  readonly dialect: Dialect;
  /** No other process has the rows. */
  readonly alone: boolean;
  /** Hints to whoever waits for news, in all hubs on this database. */
  readonly notifier: Notifier;
  /** When the rows can be reached, and when they could not. */
  readonly reach: Reach;
  readonly #log: Log;
  /** Of a hub's own rows: with each commit it says that they still are. */
  readonly #hold: Hold | undefined;
  readonly #queue: Job[] = [];
  /** Something in the queue waits for nothing else any more. */
  #isDue = false;
  #draining: Promise<void> | undefined;
  #soon: ((tx: Tx) => Promise<void>)[] = [];
  #soonTimer: NodeJS.Timeout | undefined;
  readonly #closing = new AbortController();
  #trying: Promise<void> | undefined;

  constructor(database: HubDatabase, log: Log = silentLog, hold?: Hold) {
    this.db = database.db;
    this.dialect = database.dialect;
    this.alone = database.alone;
    this.notifier = database.notifier;
    this.reach = database.reach;
    this.#log = log;
    this.#hold = hold;
    this.reach.onChange((isAway) => {
      if (isAway) log.warn("the database is away; sites are waited for until it is back");
      else log.info("the database is back");
      if (isAway) this.#trying ??= this.#tryUntilBack();
    });
  }

  /**
   * Throws where the rows are not this hub's any more: whatever they say then, nothing may be removed for it. See {@link Seat.renew} for
   * the codes.
   */
  async checkHeld(): Promise<void> {
    await this.#hold?.seat.check(this.db);
  }

  /** Runs `work` as one unit: all of it or nothing. When the promise resolves, the change is durable. */
  write<T>(work: (tx: Tx) => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run: Job["run"] = async (db, gathered) => {
        const callbacks: (() => void)[] = [];
        const own: { gatherer: Gatherer<never>; item: unknown }[] = [];
        const result = await work({
          db,
          afterCommit: (callback) => callbacks.push(callback),
          gather: (gatherer, item) => own.push({ gatherer, item }),
        });
        for (const { gatherer, item } of own) collect(gathered, gatherer, item);
        return () => {
          try {
            for (const callback of callbacks) callback();
          } finally {
            resolve(result);
          }
        };
      };
      this.#queue.push({ run, reject, onlyGathers: false, isFirst: false });
      this.#drainNow();
    });
  }

  /**
   * {@link Store.write} of nothing but an item to be gathered; `told` is called after COMMIT, before the promise resolves. One that is not
   * `urgent` waits for up to 20 ms for something else to be written with.
   */
  put<Item>(gatherer: Gatherer<Item>, item: Item, told: () => void, urgent = true): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const run: Job["run"] = (_db, gathered) => {
        collect(gathered, gatherer, item);
        return Promise.resolve(() => {
          try {
            told();
          } finally {
            resolve();
          }
        });
      };
      this.#queue.push({ run, reject, onlyGathers: true, isFirst: gatherer.isFirst ?? false });
      if (urgent) this.#drainNow();
      else this.#drainSoon();
    });
  }

  #drainNow(): void {
    this.#isDue = true;
    this.#draining ??= this.#drain();
  }

  #drainSoon(): void {
    this.#soonTimer ??= setTimeout(() => this.#drainNow(), soonMs);
  }

  async #drain(): Promise<void> {
    // What becomes ready in the same turn of the event loop comes into the same transaction.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#isDue) {
      clearTimeout(this.#soonTimer);
      this.#soonTimer = undefined;
      this.#takeSoon();
      const jobs = this.#queue.splice(0, maxGroup);
      this.#isDue = this.#queue.length > 0;
      if (jobs.length > 0) await this.#commit(jobs);
    }
    this.#draining = undefined;
  }

  /** All facts that are only told go together: they share what becomes of them. */
  #takeSoon(): void {
    const works = this.#soon;
    if (works.length === 0) return;
    this.#soon = [];
    this.write(async (tx) => {
      for (const work of works) await work(tx);
    }).catch((error: unknown) => {
      this.#log.error({ err: error }, "facts that were only to be told could not be written");
    });
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const tell: (() => void)[] = [];
    const at = { gathering: false };
    try {
      this.#hold?.seat.assertHeld();
      await this.db.transaction().execute(async (db) => {
        const gathered: Gathered = new Map();
        const tx: Tx = {
          db,
          afterCommit: (callback) => tell.push(callback),
          gather: (gatherer, item) => collect(gathered, gatherer, item),
        };
        const early = jobs.filter(({ isFirst }) => isFirst);
        for (const job of early) tell.push(await job.run(db, gathered));
        at.gathering = early.length > 0;
        await writeGathered(tx, gathered, ({ isFirst }) => isFirst === true);
        at.gathering = false;
        for (const job of jobs) {
          if (job.isFirst) continue;
          const whole = jobs.length === 1 || job.onlyGathers;
          tell.push(whole ? await job.run(db, gathered) : await runApart(db, job, gathered));
        }
        at.gathering = true;
        await writeGathered(tx, gathered, () => true);
        const renewed = await this.#hold?.seat.renew(db);
        if (renewed !== undefined) tell.unshift(renewed);
      });
    } catch (error) {
      if (jobs.length > 1 && at.gathering && isOfData(error)) {
        // One of them has brought what the database refuses: each by itself, the others are not to blame.
        for (const job of jobs) await this.#commit([job]);
        return;
      }
      for (const job of jobs) job.reject(error);
      return;
    }
    for (const callback of tell) {
      try {
        callback();
      } catch (error) {
        // The facts are durable; a listener's fault must not keep the next from being told.
        this.#log.error({ err: error }, "a change could not be told");
      }
    }
  }

  /**
   * Adds to the next transaction, which begins within 20 ms: for facts that are told but not relied on. A crash before its commit loses
   * them.
   */
  soon(work: (tx: Tx) => Promise<void>): void {
    this.#soon.push(work);
    this.#drainSoon();
  }

  /** Nobody else may have anything to write: who waits for the database is told when it is back. */
  async #tryUntilBack(): Promise<void> {
    for (let pauseMs = tryMs; this.reach.isAway; pauseMs = Math.min(2 * pauseMs, maxTryMs)) {
      await sleep(pauseMs, this.#closing.signal);
      if (this.#closing.signal.aborted) break;
      await this.write(() => undefined).catch(() => undefined);
    }
    this.#trying = undefined;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#trying;
    this.#drainNow();
    await this.#draining;
    await this.#hold?.close();
    await this.notifier.close();
    await this.db.destroy();
  }
}

/** Whether a database refuses a row (SQLite's constraints and types; the classes 22 and 23 of PostgreSQL), and would do so again. */
function isOfData(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^SQLITE_(?:CONSTRAINT|MISMATCH|TOOBIG)|^2[23]...$/.test(code);
}

/** Has those gatherers write that are meant, and what they gather in turn. */
async function writeGathered(
  tx: Tx,
  gathered: Gathered,
  isMeant: (gatherer: Gatherer<never>) => boolean,
): Promise<void> {
  const next = () => [...gathered].find(([gatherer]) => isMeant(gatherer));
  for (let found = next(); found !== undefined; found = next()) {
    const [gatherer, items] = found;
    gathered.delete(gatherer);
    await gatherer.write(tx, items as never[]);
  }
}

function collect(gathered: Gathered, gatherer: Gatherer<never>, item: unknown): void {
  const items = gathered.get(gatherer);
  if (items === undefined) gathered.set(gatherer, [item]);
  else items.push(item);
}

/** Built once: building them anew costs more than running them. */
const savepoint = {
  set: CompiledQuery.raw("savepoint work"),
  undo: CompiledQuery.raw("rollback to savepoint work"),
  release: CompiledQuery.raw("release savepoint work"),
} as const;

/** Runs one of several works of a transaction, so that its failure undoes its own changes only. */
async function runApart(db: Transaction<Schema>, job: Job, gathered: Gathered): Promise<() => void> {
  await db.executeQuery(savepoint.set);
  try {
    const told = await job.run(db, gathered);
    await db.executeQuery(savepoint.release);
    return told;
  } catch (error) {
    try {
      await db.executeQuery(savepoint.undo);
      await db.executeQuery(savepoint.release);
    } catch {
      // The whole transaction is gone, and this is why.
      throw error;
    }
    return () => job.reject(error);
  }
}
