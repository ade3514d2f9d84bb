import type { Offer } from "#hub/assignments/offer.js";
import { Reach } from "#hub/store/reach.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { AssignmentId, RunId, SiteId } from "#kernel/ids.js";

/** The live session of one site, as the areas of the hub use it. */
export interface LiveSession {
  readonly site: SiteId;
  offer(offer: Offer): void;
  cancel(assignmentId: AssignmentId, reason: string): void;
  /** What the site has kept for the run may go. */
  runEnded(runId: RunId): void;
  drain(reconnectAfterMs: number, reason: string): void;
  /** Ends the session with an error that the agent sees. */
  close(error: ComityError): void;
}

/** A site came, left, or said something new of itself. */
export type PresenceChange = "came" | "left" | "spoke";
type Listener = (site: SiteId, change: PresenceChange) => void;

/** Who is connected now. Nothing here is the only trace of a fact: after a restart the agents come back and say it again. */
export class Presence {
  readonly #clock: Clock;
  readonly #reach: Reach;
  readonly #sessions = new Map<SiteId, LiveSession>();
  readonly #leftMs = new Map<SiteId, number>();
  readonly #listeners = new Set<Listener>();

  constructor(clock: Clock, reach = new Reach(clock)) {
    this.#clock = clock;
    this.#reach = reach;
  }

  /** The sites that are connected at this moment. */
  get onlineSites(): ReadonlySet<SiteId> {
    return new Set(this.#sessions.keys());
  }

  /** Takes a new session in; an older one of the same site ends with `SESSION_REPLACED`. */
  connect(session: LiveSession): void {
    const older = this.#sessions.get(session.site);
    this.#sessions.set(session.site, session);
    this.#leftMs.delete(session.site);
    older?.close(
      new ComityError("SESSION_REPLACED", `A newer session of ${session.site} has taken over.`, {
        hint: "If you did not start a second agent, its identity may have been copied: revoke the site and invite it anew.",
      }),
    );
    if (older === undefined) this.#tell(session.site, "came");
  }

  /** Forgets a session, unless a newer one has already taken its place. */
  disconnect(session: LiveSession): void {
    if (this.#sessions.get(session.site) !== session) return;
    this.#sessions.delete(session.site);
    this.#leftMs.set(session.site, this.#clock.monotonicMs());
    this.#tell(session.site, "left");
  }

  /** A site that is there has said something new of itself. */
  spoke(site: SiteId): void {
    this.#tell(site, "spoke");
  }

  get(site: SiteId): LiveSession | undefined {
    return this.#sessions.get(site);
  }

  /**
   * Since when a site is away while it could have come back: its disconnection, or since the hub serves with its database. Undefined while it
   * is there.
   */
  offlineSinceMs(site: SiteId): number | undefined {
    if (this.#sessions.has(site)) return undefined;
    // By the monotonic clock: a jump of the wall clock makes nobody vanish.
    const sinceMs = Math.max(this.#leftMs.get(site) ?? 0, this.#reach.backMs);
    const awayMs = this.#clock.monotonicMs() - sinceMs;
    return this.#clock.nowMs() - awayMs;
  }

  get online(): IterableIterator<LiveSession> {
    return this.#sessions.values();
  }

  get count(): number {
    return this.#sessions.size;
  }

  onChange(listener: Listener): void {
    this.#listeners.add(listener);
  }

  #tell(site: SiteId, change: PresenceChange): void {
    for (const listener of this.#listeners) listener(site, change);
  }
}
