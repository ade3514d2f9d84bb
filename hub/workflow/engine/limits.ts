import { z } from "zod";
import { allHolders, holdersOf, insertHolder, lockLimits, takenSince } from "#hub/store/limits.js";
import type { Store } from "#hub/store/store.js";
import type { Tx } from "#hub/store/tx.js";
import { type Deferred, deferred } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import { newOpId } from "#kernel/ids.js";
import { counted } from "#kernel/words.js";

const minuteMs = 60_000;
const kinds = ["workflow", "site", "organisation", "dataset"] as const;

/** What a limit is for, for example `site:acme/berlin` or `workflow:default/nightly`. */
export type LimitKey = `${(typeof kinds)[number]}:${string}`;

/** One entry of `limits` in `hub.yaml`. */
export const limitSchema = z
  .strictObject({
    /** `namespace/name`: how many of its runs may be under way. */
    workflow: z.string().min(1).max(200).optional(),
    site: z.string().min(1).max(200).optional(),
    organisation: z.string().min(1).max(200).optional(),
    dataset: z.string().min(1).max(200).optional(),
    /** How many may hold a place at the same time. */
    concurrency: z.int().min(1).max(10_000).optional(),
    /** How many may take a place within a minute. */
    perMinute: z.int().min(1).max(10_000).optional(),
  })
  .refine(
    (rule) => kinds.filter((kind) => rule[kind] !== undefined).length === 1,
    "a limit is for exactly one workflow, site, organisation or dataset",
  )
  .refine(
    ({ concurrency, perMinute }) => concurrency !== undefined || perMinute !== undefined,
    "a limit has concurrency, perMinute, or both",
  );

export type LimitRule = z.output<typeof limitSchema>;

/** Why there is no place now. */
export interface Blocked {
  readonly key: LimitKey;
  /** A sentence for people. */
  readonly text: string;
  /** When a place becomes free by itself; undefined when somebody has to give one back. */
  readonly untilMs: number | undefined;
}

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly rules: readonly LimitRule[];
}

/**
 * Places under limits, as rows. Who takes one keeps it, through every retry, until the run or the call that it is named after is over:
 * it is given back in the transaction that says so.
 */
export class Limits {
  readonly #parts: Parts;
  readonly #rules = new Map<LimitKey, LimitRule[]>();
  readonly #holders = new Set<string>();
  #news: Deferred<void> = deferred();

  constructor(parts: Parts) {
    this.#parts = parts;
    for (const rule of parts.rules) {
      for (const kind of kinds) {
        const name = rule[kind];
        if (name === undefined) continue;
        const key: LimitKey = `${kind}:${name}`;
        this.#rules.set(key, [...(this.#rules.get(key) ?? []), rule]);
      }
    }
  }

  /** Reads who holds places: at the start, and whenever runs of others were taken over. */
  async load(): Promise<void> {
    for (const holder of await allHolders(this.#parts.store.db)) this.#holders.add(holder);
  }

  /** Whether this holder, a run or `run/effect`, has a place to give back. */
  holds(holder: string): boolean {
    return this.#holders.has(holder);
  }

  limits(key: LimitKey): boolean {
    return this.#rules.has(key);
  }

  /**
   * Takes a place under each key that has a limit, all or none; what the holder has already stays. Returns why not, when there is no place:
   * then take {@link news} and try again.
   */
  async acquire(tx: Tx, keys: readonly LimitKey[], holder: string): Promise<Blocked | undefined> {
    const { clock, store } = this.#parts;
    const limited = [...new Set(keys)].filter((key) => this.#rules.has(key)).toSorted();
    if (limited.length === 0) return undefined;
    await lockLimits(tx.db, store.dialect);
    const nowMs = clock.nowMs();
    const rows: [key: string, holder: string][] = [];
    for (const key of limited) {
      const holders = await holdersOf(tx.db, key);
      if (holders.includes(holder)) continue;
      for (const rule of this.#rules.get(key) ?? []) {
        const { concurrency, perMinute } = rule;
        if (concurrency !== undefined && holders.length >= concurrency) {
          const text = `${key} is limited to ${concurrency} at the same time, and all places are taken.`;
          return { key, text, untilMs: undefined };
        }
        if (perMinute === undefined) continue;
        const taken = await takenSince(tx.db, `rate/${key}`, nowMs - minuteMs);
        if (taken.length >= perMinute) {
          const text = `${key} is limited to ${counted(perMinute, "start")} a minute.`;
          return { key, text, untilMs: (taken.at(-perMinute) ?? nowMs) + minuteMs };
        }
        rows.push([`rate/${key}`, `${holder}#${newOpId()}`]);
      }
      rows.push([key, holder]);
    }
    for (const [key, name] of rows) await insertHolder(tx.db, key, name, nowMs);
    tx.afterCommit(() => this.#holders.add(holder));
    return undefined;
  }

  /** Resolves when a place has become free. Take it before {@link acquire}, so that nothing falls between. */
  news(): Promise<void> {
    return this.#news.promise;
  }

  /** Holders have given their places back, durably. */
  freed(holders: readonly string[]): void {
    for (const holder of holders) this.#holders.delete(holder);
    this.wake();
  }

  /** There may be a free place. */
  wake(): void {
    this.#news.resolve();
    this.#news = deferred();
  }
}
