import type { Kysely, Transaction } from "kysely";
import type { HubDatabase } from "#hub/store/database.js";
import { LocalNotifier } from "#hub/store/notifier.js";
import { Reach } from "#hub/store/reach.js";
import type { Schema } from "#hub/store/schema.js";
import { deferred } from "#kernel/async.js";

/** When a hub dies: just before a commit, or just after it and before anybody was told. The first commit is 1. */
export interface Death {
  readonly commit: number;
  readonly side: "before" | "after";
}

/** Looks on at the transactions of one process, by their numbers; a transaction waits for it. */
export interface Watch {
  before?(commit: number): void | Promise<void>;
  /** Looks at the rows within the transaction, as it begins and before it is committed. */
  within?(commit: number, trx: Transaction<Schema>): Promise<void>;
  after?(commit: number): void | Promise<void>;
}

/** A database as one process sees it that dies at a commit: from then on it writes nothing, and is told nothing. */
export class MortalDatabase {
  readonly database: HubDatabase;
  /** Transactions that were begun. */
  commits = 0;
  dead = false;
  readonly #end = deferred();
  readonly #death: Death | undefined;
  readonly #watch: Watch;

  constructor(lasting: Kysely<Schema>, death?: Death, watch: Watch = {}) {
    this.#death = death;
    this.#watch = watch;
    const begin = () => ({
      execute: <Result>(work: (trx: Transaction<Schema>) => Promise<Result>) => this.#execute(lasting, work),
    });
    const db = new Proxy(lasting, {
      get: (target, name) => {
        if (name === "transaction") return begin;
        // The database outlives the process.
        if (name === "destroy") return () => Promise.resolve();
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    this.database = { db, dialect: "sqlite", alone: true, notifier: new LocalNotifier(), reach: new Reach() };
  }

  /** Resolves when the process dies. */
  get died(): Promise<void> {
    return this.#end.promise;
  }

  #die(how: string): Error {
    this.dead = true;
    this.#end.resolve();
    return new Error(`the hub dies ${how} the commit`);
  }

  async #execute<Result>(
    lasting: Kysely<Schema>,
    work: (trx: Transaction<Schema>) => Promise<Result>,
  ): Promise<Result> {
    if (this.dead) throw new Error("the hub is dead");
    const last = ++this.commits === this.#death?.commit;
    if (last && this.#death.side === "before") throw this.#die("before");
    const commit = this.commits;
    await this.#watch.before?.(commit);
    const result = await lasting.transaction().execute(async (trx) => {
      await this.#watch.within?.(commit, trx);
      const given = await work(trx);
      await this.#watch.within?.(commit, trx);
      return given;
    });
    await this.#watch.after?.(commit);
    if (last) throw this.#die("after");
    return result;
  }
}
