import type { Db } from "#hub/store/schema.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { StoreRow } from "./model.js";
import { findStoreRow, growMark } from "./rows.js";

interface Parts {
  /** The row as this hub has written it when it took the rows. */
  readonly row: StoreRow;
  /** The database's name, for people. */
  readonly name: string;
  readonly clock: Clock;
  /** The rows are not this hub's any more: it is to end. Called once. */
  readonly onLost: (error: ComityError) => void;
}

/**
 * That this hub is the one that writes. The row decides, not a connection: each transaction grows the mark of the row, on condition that
 * the row still names this seat and has not gone back behind what was confirmed. So nothing that another hub has not seen is ever
 * written beside it, and a database that was replaced by an older copy is noticed by the first write.
 */
export class Seat {
  readonly #parts: Parts;
  #row: StoreRow;
  #lost: ComityError | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#row = parts.row;
  }

  /** The row as it is known to be durable. */
  get confirmed(): StoreRow {
    return this.#row;
  }

  /** Throws what {@link Seat.renew} has thrown once the seat was lost. */
  assertHeld(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }

  /**
   * The last statement of a transaction. Returns what to do after COMMIT. Throws, so that nothing is committed: `STORE_BUSY` (another
   * hub writes now), `STORE_OLDER` or `STORE_FOREIGN` (the database was replaced).
   */
  async renew(db: Db): Promise<() => void> {
    this.assertHeld();
    const next = { ...this.#row, markedAtMs: this.#parts.clock.nowMs() };
    const mark = await growMark(db, next);
    if (mark === undefined) throw await this.#lose(db);
    // A commit whose answer was lost may have grown it before: it never goes back here.
    return () => (this.#row = mark > this.#row.mark ? { ...next, mark } : this.#row);
  }

  /** Looks without writing; throws as {@link Seat.renew} does. */
  async check(db: Db): Promise<void> {
    this.assertHeld();
    const { storeId, seat, mark } = this.#row;
    const found = await findStoreRow(db);
    if (found?.storeId !== storeId || found.seat !== seat || found.mark < mark) throw await this.#lose(db);
  }

  async #lose(db: Db): Promise<ComityError> {
    const error = why(await findStoreRow(db), this.#row, this.#parts.name);
    if (this.#lost === undefined) {
      this.#lost = error;
      this.#parts.onLost(error);
    }
    return this.#lost;
  }
}

function why(found: StoreRow | undefined, own: StoreRow, name: string): ComityError {
  if (found?.storeId !== own.storeId)
    return new ComityError(
      "STORE_FOREIGN",
      `The database ${name} has been replaced by one that is not this hub's.`,
      {
        hint: "Put the hub's own database back, and start the hub again.",
      },
    );
  if (found.mark < own.mark)
    return new ComityError(
      "STORE_OLDER",
      `The database ${name} has been replaced by an older copy: ${own.mark - found.mark} changes are missing.`,
      { hint: "Put the newer database back; or start the hub again with `--accept-older`." },
    );
  return new ComityError("STORE_BUSY", `Another hub writes to the database ${name} now.`, {
    hint: "Stop it first: one hub, one database.",
  });
}
