import type { BlobRef, CallRef } from "#kernel/refs.js";
import { chooseInThread } from "#hub/routing/chooser.js";
import { compareIds } from "#hub/routing/select.js";
import type { PresenceChange } from "#hub/sites/presence.js";
import { closeAssignments, openAssignments } from "#hub/store/assignments.js";
import { failOpenRounds, lastRound } from "#hub/store/rounds.js";
import { listSites } from "#hub/store/sites.js";
import type { NewEvent } from "#hub/runs/model.js";
import { deferred } from "#kernel/async.js";
import { ComityError, isErrorCode } from "#kernel/errors.js";
import type { SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import { aggregate } from "./aggregate.js";
import { beginFirstRound, beginRound, wishOf } from "./begin.js";
import { collect } from "./collect.js";
import { evaluate } from "./complete.js";
import type { Round, RoundError } from "./model.js";
import { outputOf } from "./output.js";
import type { Next, RoundParts } from "./parts.js";
import { neededToBegin } from "./quorum.js";
import type { Task, Training } from "./training.js";

/**
 * The rounds of federated averaging (McMahan et al. 2017, arXiv 1602.05629). Each step reads the store, does one thing and writes
 * one transaction: a hub that was killed anywhere goes on from the same place.
 */
export class Rounds {
  readonly #parts: RoundParts;
  /** Calls that are driven now. */
  readonly #driven = new Set<CallRef>();

  constructor(parts: RoundParts) {
    this.#parts = parts;
  }

  /**
   * Takes a call through its rounds, from where the store has them, and resolves with its output. Throws what the call fails with,
   * and the signal's reason when that fires.
   */
  async perform(call: CallRef, signal: AbortSignal): Promise<Json> {
    this.#driven.add(call);
    try {
      return await this.#drive(await this.#parts.trainings.get(call), signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = ComityError.from(thrown);
      // What may pass by itself leaves the round open: the engine makes the call again.
      if (error.kind.retryable !== true) await this.#close(call, { code: error.code, text: error.message });
      throw error;
    } finally {
      this.#driven.delete(call);
    }
  }

  /** The call is not wanted any more: its round fails, and the sites stop. */
  async cancel(call: CallRef, reason: string): Promise<void> {
    await this.#close(call, { code: "RUN_CANCELLED", text: reason });
  }

  /** Where the first round of a task would go now, which rule keeps each other site out, and what it would fail with. */
  async explain(task: Pick<Task, "kind" | "dataset" | "at" | "quorum">): Promise<Json> {
    const { store, presence } = this.#parts;
    const known = await listSites(store.db);
    const wish = wishOf(task);
    const online = presence.onlineSites;
    const { chosen, rejected } = await chooseInThread({ sites: known, wish, online, round: 1 });
    const needed = neededToBegin(task.quorum);
    const sites = [
      ...chosen.map((site) => ({ site, chosen: true })),
      ...rejected.map(({ site, reason }) => ({ site, chosen: false, reason })),
    ];
    return {
      sites: sites.toSorted((a, b) => compareIds(a.site, b.site)),
      needed,
      ...(chosen.length < needed && { refusal: "SITES_TOO_FEW" }),
    };
  }

  /** A site has come, left or spoken: calls look again, and those that wait for it say so. */
  async siteChanged(site: SiteId, change: PresenceChange): Promise<void> {
    const { store, feed, trainings } = this.#parts;
    for (const { runId } of this.#driven) feed.changes.notify(runId);
    const open = change === "spoke" ? [] : await openAssignments(store.db, site);
    if (open.length === 0) return;
    const news: NewEvent[] = [];
    // Before the transaction: a training may be read from the store, which a transaction keeps for itself.
    for (const assignment of open) {
      const { runId, round } = assignment;
      if (change === "came") {
        news.push({ runId, type: "site.connected", round, site, text: `${site} is back.` });
      } else {
        const { graceMs } = await trainings.get(assignment);
        const text = `${site} has lost its connection; it is waited for ${graceMs / 1000} s.`;
        news.push({ runId, type: "site.disconnected", round, site, text });
      }
    }
    await store.write((tx) => {
      for (const event of news) feed.append(tx, event);
    });
  }

  async #drive(training: Training, signal: AbortSignal): Promise<Json> {
    const { store, feed } = this.#parts;
    let round = await lastRound(store.db, training);
    for (;;) {
      signal.throwIfAborted();
      const news = feed.changes.next(training.runId);
      if (round?.state === "completed" && round.position >= training.rounds)
        return outputOf(this.#parts, training, round);
      const next = await this.#step(training, round);
      if (next === "reload") round = await lastRound(store.db, training);
      else if ("round" in next) round = next.round;
      else await this.#wait([news, next.news], signal, next.untilMs);
    }
  }

  #step(training: Training, round: Round | undefined): Promise<Next> {
    const parts = this.#parts;
    switch (round?.state) {
      case undefined:
        return beginFirstRound(parts, training);
      case "collecting":
        return collect(parts, training, round);
      case "aggregating":
        return aggregate(parts, training, round);
      case "evaluating":
        return evaluate(parts, training, round);
      case "completed":
        return beginRound(parts, training, round, modelOf(round));
      case "failed":
        throw failureOf(round);
    }
  }

  /** Ends what is open of a call, at the sites too. */
  async #close(call: CallRef, error: RoundError): Promise<void> {
    const { store, clock, assignments } = this.#parts;
    await store.write(async (tx) => {
      const closed = await closeAssignments(tx.db, call, "cancelled", error);
      await failOpenRounds(tx.db, call, error, clock.nowMs());
      tx.afterCommit(() => assignments.cancel(closed, error.text));
    });
  }

  /** Until there is news, the time has come, or the hub stops. Nothing is left hanging on what outlives the wait. */
  async #wait(
    news: readonly (Promise<void> | undefined)[],
    signal: AbortSignal,
    untilMs: number | undefined,
  ): Promise<void> {
    const { clock } = this.#parts;
    const over = deferred();
    const end = () => over.resolve();
    const takeBack = untilMs === undefined ? undefined : clock.after(untilMs - clock.nowMs(), end);
    signal.addEventListener("abort", end, { once: true });
    for (const one of news) void one?.then(end);
    await over.promise;
    signal.removeEventListener("abort", end);
    takeBack?.();
  }
}

function modelOf({ model, round }: Round): BlobRef {
  if (model !== undefined) return model;
  throw new ComityError("INTERNAL", `Round ${round} is complete without a model.`);
}

/** The error that a round has failed with: the hub was killed before the engine had it. */
function failureOf({ error, round }: Round): ComityError {
  if (error !== undefined && isErrorCode(error.code)) return new ComityError(error.code, error.text);
  return new ComityError("INTERNAL", error?.text ?? `Round ${round} has failed.`);
}
