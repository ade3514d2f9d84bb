import { type Clock, systemClock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";

/** A database that is there answers sooner; what takes longer was held up on the way. */
const slowMs = 5_000;

/** Spans that are remembered; nobody is waited for over more outages. */
const maxSpans = 1_000;

/** A time in which the database was away, by the monotonic clock. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Whether the hub's own database can be reached, and when it could not. Meanwhile no site can be served, and so none is late for it: neither
 * deadlines nor the grace run then. It is away from the first failure on, and back with the next commit: one that can only be read, or whose
 * disk is full, is away as well.
 */
export class Reach {
  readonly #clock: Clock;
  readonly #spans: Span[] = [];
  readonly #listeners = new Set<(isAway: boolean) => void>();
  #backMs: number;
  #awaySinceMs: number | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#backMs = clock.monotonicMs();
  }

  get isAway(): boolean {
    return this.#awaySinceMs !== undefined;
  }

  /** Since when it is there without a break, at first since this process has it; by the monotonic clock. */
  get backMs(): number {
    return this.#backMs;
  }

  /** The same, in milliseconds since 1970. */
  get backAtMs(): number {
    return this.#clock.nowMs() - (this.#clock.monotonicMs() - this.#backMs);
  }

  /** For how long it has been away since a time (milliseconds since 1970), as far as this process knows. */
  awayMsSince(fromMs: number): number {
    const nowMs = this.nowMs();
    const from = nowMs - (this.#clock.nowMs() - fromMs);
    const ended = this.#spans.map((span) => span.toMs - Math.max(span.fromMs, from));
    const running = nowMs - Math.max(this.#awaySinceMs ?? nowMs, from);
    return [...ended, running].reduce((sum, ms) => sum + Math.max(ms, 0), 0);
  }

  /** Now, as {@link answered} and {@link failed} want to be told. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** The database has answered what was asked at `fromMs`; `commits`: and has shown that it can be written to. */
  answered(fromMs: number, commits: boolean): void {
    const toMs = this.nowMs();
    if (toMs - fromMs > slowMs) this.#wasAway({ fromMs, toMs });
    if (commits && this.#awaySinceMs !== undefined) this.#isBack(this.#awaySinceMs);
  }

  /** What was asked at `fromMs` has failed. */
  failed(fromMs: number, error: unknown): void {
    if (!(error instanceof ComityError)) return;
    if (error.code === "STORE_UNREACHABLE" || error.code === "DISK_FULL") this.#isGone(fromMs);
  }

  /** Tells when it goes away and when it is back. */
  onChange(listener: (isAway: boolean) => void): void {
    this.#listeners.add(listener);
  }

  #isGone(sinceMs: number): void {
    if (this.#awaySinceMs !== undefined) {
      this.#awaySinceMs = Math.min(this.#awaySinceMs, sinceMs);
      return;
    }
    this.#awaySinceMs = sinceMs;
    for (const listener of this.#listeners) listener(true);
  }

  #isBack(sinceMs: number): void {
    this.#awaySinceMs = undefined;
    this.#wasAway({ fromMs: sinceMs, toMs: this.nowMs() });
    for (const listener of this.#listeners) listener(false);
  }

  /** Spans are kept apart: those that overlap become one. */
  #wasAway(span: Span): void {
    const touches = ({ fromMs, toMs }: Span) => fromMs <= span.toMs && toMs >= span.fromMs;
    const apart = this.#spans.filter((other) => !touches(other));
    const joined = [span, ...this.#spans.filter(touches)];
    const fromMs = Math.min(...joined.map((one) => one.fromMs));
    const toMs = Math.max(...joined.map((one) => one.toMs));
    this.#spans.splice(0, this.#spans.length, ...apart.slice(1 - maxSpans), { fromMs, toMs });
    this.#backMs = Math.max(this.#backMs, toMs);
  }
}
