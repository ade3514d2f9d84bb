import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Client, Notification } from "pg";
import { z } from "zod";
import { fullJitterMs, sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { parseJson } from "#kernel/json.js";
import type { Log } from "#kernel/log.js";
import { type HintListener, LocalNotifier, type Notifier } from "./notifier.js";
import type { Gatherer, Tx } from "./tx.js";

const channel = "comity";

/** What PostgreSQL lets a notification hold, less what surrounds the hints. */
const maxHintBytes = 7800;

const hintsSchema = z.array(z.tuple([z.string(), z.string()]));

type Hint = z.output<typeof hintsSchema>[number];

/** What a connection of its own has to do before it listens; and what is done when it cannot any more. */
interface Line {
  /** Opens the connection; fails with an error for people. */
  readonly connect: () => Promise<Client>;
  /** The connection broke, and its successor was refused for good. */
  readonly onLost: (error: ComityError) => void;
  readonly log: Log;
}

/** Hints by `LISTEN` and `NOTIFY`, on a connection of its own that is made anew whenever it breaks. */
export class PostgresNotifier implements Notifier, Gatherer<Hint> {
  /** Tells one's own hints, which come back from the server too, from those of others. */
  readonly #id = randomUUID();
  readonly #local = new LocalNotifier();
  readonly #line: Line;
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #reconnecting: Promise<void> | undefined;

  private constructor(line: Line) {
    this.#line = line;
  }

  static async open(line: Line): Promise<PostgresNotifier> {
    const notifier = new PostgresNotifier(line);
    await notifier.#connect();
    return notifier;
  }

  notify(tx: Tx, topic: string, key: string): void {
    tx.gather(this, [topic, key]);
  }

  async write(tx: Tx, hints: readonly Hint[]): Promise<void> {
    const distinct = [...new Map(hints.map((hint) => [hint.join("\0"), hint])).values()];
    const text = JSON.stringify(distinct);
    // Too much to tell in detail: others look at everything.
    const told = Buffer.byteLength(text) > maxHintBytes ? "[]" : text;
    await sql`select pg_notify(${channel}, ${`${this.#id} ${told}`})`.execute(tx.db);
    tx.afterCommit(() => {
      for (const [topic, key] of distinct) this.#local.tell(topic, key);
    });
  }

  listen(topic: string, listener: HintListener): () => void {
    return this.#local.listen(topic, listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#reconnecting;
    await this.#client?.end();
    this.#client = undefined;
    await this.#local.close();
  }

  async #connect(): Promise<void> {
    const client = await this.#line.connect();
    client.on("notification", (notification) => this.#receive(notification));
    client.on("error", (error) => this.#line.log.warn({ err: error }, "the connection for hints broke"));
    client.on("end", () => {
      if (!this.#closing.signal.aborted) this.#reconnecting = this.#reconnect();
    });
    this.#client = client;
    await client.query(`listen ${channel}`);
  }

  async #reconnect(): Promise<void> {
    this.#client = undefined;
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      await sleep(fullJitterMs(attempt, { baseMs: 50, maxMs: 5000 }), this.#closing.signal);
      try {
        await this.#connect();
        this.#local.tellAll();
        return;
      } catch (error) {
        const told = ComityError.from(error);
        if (told.kind.retryable !== true) {
          this.#line.onLost(told);
          return;
        }
      }
    }
  }

  #receive({ payload = "" }: Notification): void {
    const [from, text = ""] = payload.split(/ (.*)/s);
    if (from === this.#id) return;
    const hints = readHints(text);
    if (hints.length === 0) this.#local.tellAll();
    for (const [topic, key] of hints) this.#local.tell(topic, key);
  }
}

/** None when there were too many to tell, or when somebody else uses our channel: then everything is looked at. */
function readHints(text: string): Hint[] {
  try {
    return hintsSchema.parse(parseJson(text));
  } catch {
    return [];
  }
}
