import type { BlobRef } from "#hub/assignments/model.js";
import type { PresenceChange } from "#hub/sites/presence.js";
import { openAssignments } from "#hub/store/assignments.js";
import { standing } from "#hub/store/rounds.js";
import type { NewEvent, Run } from "#hub/workflow/model.js";
import { deferred } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId, SiteId } from "#kernel/ids.js";
import { aggregate } from "./aggregate.js";
import { beginFirstRound, beginRound } from "./begin.js";
import { collect } from "./collect.js";
import { completeRun, evaluate } from "./complete.js";
import type { Round } from "./model.js";
import type { Next, RoundParts } from "./parts.js";
import type { Training } from "./training.js";

/**
 * The rounds of federated averaging (McMahan et al. 2017, arXiv 1602.05629). Each step reads the store, does one thing and writes
 * one transaction: a hub that was killed anywhere goes on from the same place.
 */
export class Rounds {
  readonly #parts: RoundParts;
  /** Runs that are driven now. */
  readonly #driven = new Set<RunId>();

  constructor(parts: RoundParts) {
    this.#parts = parts;
  }

  /** Takes a run through its rounds until it has ended or the signal fires. Throws what fails the run. */
  async drive(run: Run, signal: AbortSignal): Promise<void> {
    const { store, journal, trainings } = this.#parts;
    const training = await trainings.get(run.id);
    this.#driven.add(run.id);
    try {
      while (!signal.aborted) {
        const news = journal.changes.next(run.id);
        const { running, round } = await standing(store.db, run.id);
        if (!running) return;
        const next = await this.#step(run, training, round);
        if (next === "ended") return;
        if (next !== "again") await this.#wait(news, signal, next.untilMs);
      }
    } finally {
      this.#driven.delete(run.id);
      trainings.forget(run.id);
    }
  }

  /** A site has come, left or spoken: runs look again, and those that wait for it say so. */
  async siteChanged(site: SiteId, change: PresenceChange): Promise<void> {
    const { store, journal, trainings } = this.#parts;
    for (const runId of this.#driven) journal.changes.notify(runId);
    const open = change === "spoke" ? [] : await openAssignments(store.db, site);
    if (open.length === 0) return;
    const news: NewEvent[] = [];
    // Before the transaction: a training may be read from the store, which a transaction keeps for itself.
    for (const { runId, round } of open) {
      if (change === "came") {
        news.push({ runId, type: "site.connected", round, site, text: `${site} is back.` });
      } else {
        const { grace: graceMs } = (await trainings.get(runId)).plan;
        const text = `${site} has lost its connection; it is waited for ${graceMs / 1000} s.`;
        news.push({ runId, type: "site.disconnected", round, site, text });
      }
    }
    await store.write((tx) => {
      for (const event of news) journal.append(tx, event);
    });
  }

  #step(run: Run, training: Training, round: Round | undefined): Promise<Next> {
    const parts = this.#parts;
    if (round === undefined) return beginFirstRound(parts, run, training);
    switch (round.state) {
      case "collecting":
        return collect(parts, training, round);
      case "aggregating":
        return aggregate(parts, training, round);
      case "evaluating":
        return evaluate(parts, training, round);
      case "completed":
        return round.round < training.plan.rounds
          ? beginRound(parts, run, training, round.round + 1, modelOf(round))
          : completeRun(parts, run, training, round);
      case "failed":
        return Promise.resolve("ended");
    }
  }

  /** Until there is news, the time has come, or the hub stops. Nothing is left hanging on what outlives the wait. */
  async #wait(news: Promise<void>, signal: AbortSignal, untilMs: number | undefined): Promise<void> {
    const { clock } = this.#parts;
    const over = deferred();
    const end = () => over.resolve();
    const takeBack = untilMs === undefined ? undefined : clock.after(untilMs - clock.nowMs(), end);
    signal.addEventListener("abort", end, { once: true });
    void news.then(end);
    await over.promise;
    signal.removeEventListener("abort", end);
    takeBack?.();
  }
}

function modelOf(round: Round): BlobRef {
  if (round.model === undefined) {
    throw new ComityError("INTERNAL", `Round ${round.round} is complete without a model.`);
  }
  return round.model;
}
