import { weightedMetrics } from "#aggregation/statistics/weighted.js";
import type { Assignment, BlobRef } from "#hub/assignments/model.js";
import type { Assignments } from "#hub/assignments/service.js";
import type { BlobStore } from "#hub/blobs/store.js";
import { selectSites } from "#hub/routing/select.js";
import type { Presence, PresenceChange } from "#hub/sites/presence.js";
import {
  assignmentsOfRound,
  insertAssignment,
  type NewAssignment,
  openAssignments,
} from "#hub/store/assignments.js";
import { recordBlob } from "#hub/store/blobs.js";
import { insertModelVersion, setModelMetrics } from "#hub/store/models.js";
import { insertRound, lastRound, moveRound } from "#hub/store/rounds.js";
import { findRun } from "#hub/store/runs.js";
import { listSites } from "#hub/store/sites.js";
import type { Store, Tx } from "#hub/store/store.js";
import type { RunEnding } from "#hub/workflow/ending.js";
import type { RunJournal } from "#hub/workflow/journal.js";
import type { Run } from "#hub/workflow/model.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { assignmentId, type RunId, type Sha256, type SiteId } from "#kernel/ids.js";
import { listWords } from "#kernel/words.js";
import type { WorkKind } from "#proto/codec/work.js";
import type { Aggregator } from "./aggregator.js";
import { judge, type Round } from "./model.js";
import { findOverdue } from "./overdue.js";
import type { Training } from "./training.js";
import type { Trainings } from "./trainings.js";

interface Parts {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly presence: Presence;
  readonly journal: RunJournal;
  readonly ending: RunEnding;
  readonly assignments: Assignments;
  readonly trainings: Trainings;
  readonly aggregator: Aggregator;
  readonly clock: Clock;
}

/** What a step of the state machine leads to: look again at once, look again at news (or at a time), or over. */
type Next = "again" | "ended" | { readonly untilMs: number | undefined };

/**
 * The rounds of federated averaging (McMahan et al. 2017, arXiv 1602.05629). Each step reads the store, does one thing and writes
 * one transaction: a hub that was killed anywhere goes on from the same place.
 */
export class Rounds {
  readonly #parts: Parts;
  readonly #startedAtMs: number;
  /** Runs that are driven now. */
  readonly #driven = new Set<RunId>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#startedAtMs = parts.clock.nowMs();
  }

  /** Takes a run through its rounds until it has ended or the signal fires. Throws what fails the run. */
  async drive(run: Run, signal: AbortSignal): Promise<void> {
    const { store, journal, trainings } = this.#parts;
    const training = await trainings.get(run.id);
    const stopped = new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    this.#driven.add(run.id);
    try {
      while (!signal.aborted) {
        const news = journal.changes.next(run.id);
        if ((await findRun(store.db, run.id))?.state !== "running") return;
        const next = await this.#step(run, training, await lastRound(store.db, run.id));
        if (next === "ended") return;
        if (next !== "again") await this.#wait([news, stopped], next.untilMs);
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
    await store.write(async (tx) => {
      for (const { runId, round } of open) {
        const graceMs = (await trainings.get(runId)).plan.grace;
        const text =
          change === "came"
            ? `${site} is back.`
            : `${site} has lost its connection; it is waited for ${graceMs / 1000} s.`;
        await journal.append(tx, {
          runId,
          type: change === "came" ? "site.connected" : "site.disconnected",
          round,
          site,
          text,
        });
      }
    });
  }

  async #step(run: Run, training: Training, round: Round | undefined): Promise<Next> {
    if (round === undefined) return this.#begin(run, training);
    switch (round.state) {
      case "collecting":
        return this.#collect(training, round);
      case "aggregating":
        return this.#aggregate(training, round);
      case "evaluating":
        return this.#evaluate(training, round);
      case "completed":
        if (round.round < training.plan.rounds)
          return this.#select(run, training, round.round + 1, modelOf(round));
        return this.#complete(run, training, round);
      case "failed":
        return "ended";
    }
  }

  /** Makes the initial model and starts round 1 from it. */
  async #begin(run: Run, training: Training): Promise<Next> {
    const { blobs, aggregator } = this.#parts;
    const outPath = blobs.scratchPath(`initial-${run.id}`);
    const { sha256, sizeBytes } = await aggregator.initialise({
      layers: training.layers,
      seed: training.plan.seed,
      outPath,
    });
    const model: BlobRef = { sha256: sha256 as Sha256, sizeBytes };
    await blobs.adopt(outPath, model.sha256);
    return this.#select(run, training, 1, model);
  }

  /** Chooses the sites of a round and gives each its assignment. A site that has just gone away is waited for. */
  async #select(run: Run, training: Training, number: number, base: BlobRef): Promise<Next> {
    const { store, presence, clock, journal } = this.#parts;
    const { plan } = training;
    const nowMs = clock.nowMs();
    const { chosen, rejected } = selectSites(await listSites(store.db), plan.dataset);
    const backBy = chosen.flatMap((site) => {
      const sinceMs = presence.offlineSinceMs(site);
      return sinceMs !== undefined && sinceMs + plan.grace > nowMs ? [sinceMs + plan.grace] : [];
    });
    if (backBy.length > 0) {
      const text = `Round ${number} waits for ${backBy.length === 1 ? "a site" : `${backBy.length} sites`} to come back.`;
      journal.tell({ runId: run.id, type: "round.waiting", round: number, text });
      return { untilMs: Math.min(...backBy) };
    }
    const sites = chosen.filter((site) => presence.get(site) !== undefined);
    const away = chosen
      .filter((site) => presence.get(site) === undefined)
      .map((site) => ({ site, reason: "it is not connected" }));
    const left = [...away, ...rejected];
    const min = plan.quorum.min ?? 1;
    if (sites.length < min) {
      const why = left.map(({ site, reason }) => `${site}: ${reason}.`).join(" ");
      throw new ComityError(
        "SITES_TOO_FEW",
        `Round ${number} has ${sites.length} sites and needs ${min}. ${why}`.trim(),
        {
          hint: "`comity site list` shows the sites and their datasets.",
        },
      );
    }
    const round = {
      runId: run.id,
      round: number,
      startedAtMs: nowMs,
      deadlineAtMs: nowMs + plan.deadline,
      base,
    };
    await store.write(async (tx) => {
      if (number === 1) {
        await recordBlob(tx.db, base, nowMs);
        await this.#saveModel(tx, training, { runId: run.id, round: 0, blob: base, sites: 0 });
      }
      await insertRound(tx.db, round);
      await this.#assign(tx, "train", sites, round);
      const text = `Round ${number} of ${plan.rounds} begins at ${sites.length} site${sites.length === 1 ? "" : "s"}: ${listWords(sites)}.`;
      await journal.append(tx, {
        runId: run.id,
        type: "round.started",
        round: number,
        text,
        data: { sites, left, rounds: plan.rounds },
      });
    });
    return "again";
  }

  /** Waits for the updates; fixes their set when no more are to come. */
  async #collect(training: Training, round: Round): Promise<Next> {
    const assignments = await assignmentsOfRound(this.#parts.store.db, round.runId, round.round, "train");
    const waiting = await this.#supervise(training, assignments);
    if (waiting === "again") return "again";
    const verdict = judge(assignments, training.plan.quorum.min ?? assignments.length);
    switch (verdict.verdict) {
      case "wait":
        return waiting;
      case "fail":
        throw new ComityError("QUORUM_LOST", `Round ${round.round} cannot reach its quorum: ${verdict.text}`);
      case "aggregate":
        await this.#parts.store.write((tx) =>
          moveRound(tx.db, round.runId, round.round, "collecting", { state: "aggregating" }),
        );
        return "again";
    }
  }

  /** Folds the updates in the order of their site ids, and has the new model evaluated. */
  async #aggregate(training: Training, round: Round): Promise<Next> {
    const { store, blobs, aggregator, journal, clock } = this.#parts;
    const assignments = await assignmentsOfRound(store.db, round.runId, round.round, "train");
    const delivered = assignments
      .filter(({ state }) => state === "delivered")
      .sort((a, b) => (a.site < b.site ? -1 : 1));
    const inputs = await Promise.all(
      delivered.flatMap(({ update, samples }) =>
        update === undefined
          ? []
          : [blobs.localPath(update.sha256).then((path) => ({ path, weight: samples }))],
      ),
    );
    const outPath = blobs.scratchPath(`model-${round.runId}-${round.round}`);
    const { sha256, sizeBytes } = await aggregator.aggregate({ inputs, tensors: training.tensors, outPath });
    const model: BlobRef = { sha256: sha256 as Sha256, sizeBytes };
    await blobs.adopt(outPath, model.sha256);
    const nowMs = clock.nowMs();
    const samples = delivered.reduce((sum, assignment) => sum + assignment.samples, 0);
    const metrics = trainingMetrics(delivered);
    const evaluates = training.plan.evaluation === "sites";
    await store.write(async (tx) => {
      await recordBlob(tx.db, model, nowMs);
      const to = evaluates
        ? { state: "evaluating" as const }
        : { state: "completed" as const, endedAtMs: nowMs };
      if (
        !(await moveRound(tx.db, round.runId, round.round, "aggregating", { ...to, model, samples, metrics }))
      )
        return;
      await this.#saveModel(tx, training, {
        runId: round.runId,
        round: round.round,
        blob: model,
        sites: delivered.length,
      });
      const sites = delivered.map(({ site }) => site);
      const text = `Round ${round.round}: ${sites.length} updates from ${samples} rows make the new model.`;
      await journal.append(tx, {
        runId: round.runId,
        type: "round.aggregated",
        round: round.round,
        text,
        data: { sites, samples, model: sha256 },
      });
      if (evaluates)
        await this.#assign(tx, "evaluate", sites, {
          ...round,
          base: model,
          deadlineAtMs: nowMs + training.plan.deadline,
        });
      else await this.#completeRound(tx, training, round, assignments, samples, metrics);
    });
    return "again";
  }

  /** Waits for what the sites measure; a site that cannot tell is left out. */
  async #evaluate(training: Training, round: Round): Promise<Next> {
    const { store, clock } = this.#parts;
    const assignments = await assignmentsOfRound(store.db, round.runId, round.round);
    const evaluations = assignments.filter(({ kind }) => kind === "evaluate");
    const waiting = await this.#supervise(training, evaluations);
    if (waiting === "again") return "again";
    if (waiting.untilMs !== undefined) return waiting;
    const metrics = {
      ...round.metrics,
      ...weightedMetrics(evaluations.filter(({ state }) => state === "delivered")),
    };
    await store.write(async (tx) => {
      const to = { state: "completed" as const, metrics, endedAtMs: clock.nowMs() };
      if (!(await moveRound(tx.db, round.runId, round.round, "evaluating", to))) return;
      await setModelMetrics(tx.db, round.runId, round.round, metrics);
      await this.#completeRound(tx, training, round, assignments, round.samples, metrics);
    });
    return "again";
  }

  async #completeRound(
    tx: Tx,
    training: Training,
    round: Round,
    assignments: readonly Assignment[],
    samples: number,
    metrics: Readonly<Record<string, number>>,
  ): Promise<void> {
    const trained = assignments.filter(({ kind }) => kind === "train");
    const sites = trained.filter(({ state }) => state === "delivered").map(({ site }) => site);
    const left = assignments.flatMap(({ site, state, kind, reason }) =>
      state === "delivered" ? [] : [{ site, kind, state, reason: reason ?? state }],
    );
    const seconds = (this.#parts.clock.nowMs() - round.startedAtMs) / 1000;
    const data = { sites, of: trained.length, rounds: training.plan.rounds, samples, metrics, seconds, left };
    const text = `Round ${round.round} is complete: ${sites.length} of ${trained.length} sites, ${samples} rows.`;
    await this.#parts.journal.append(tx, {
      runId: round.runId,
      type: "round.completed",
      round: round.round,
      text,
      data,
    });
  }

  async #complete(run: Run, training: Training, round: Round): Promise<Next> {
    const seconds = (this.#parts.clock.nowMs() - run.startedAtMs) / 1000;
    const data = { rounds: round.round, metrics: round.metrics, model: round.model?.sha256, seconds };
    const text = `${training.name} is complete after ${round.round} rounds.`;
    await this.#parts.store.write((tx) => this.#parts.ending.complete(tx, run.id, text, data));
    return "ended";
  }

  /** Gives up on what is late or has vanished; else says until when to wait (undefined: nothing is open). */
  async #supervise(
    training: Training,
    assignments: readonly Assignment[],
  ): Promise<"again" | { untilMs: number | undefined }> {
    const { store, presence, clock } = this.#parts;
    const graceMs = training.plan.grace;
    const since = ({ site }: Assignment) => presence.offlineSinceMs(site);
    const { late, vanished, nextDueMs } = findOverdue(
      assignments,
      since,
      graceMs,
      this.#startedAtMs + graceMs,
      clock.nowMs(),
    );
    if (late.length + vanished.length === 0) return { untilMs: nextDueMs };
    await store.write(async (tx) => {
      for (const assignment of late) {
        const text = `${assignment.site} did not deliver within the deadline of ${training.plan.deadline / 1000} s.`;
        await this.#parts.assignments.giveUp(tx, assignment, "late", "SITE_TOO_SLOW", text);
      }
      for (const assignment of vanished) {
        const text = `${assignment.site} went away and did not come back within ${graceMs / 1000} s.`;
        await this.#parts.assignments.giveUp(tx, assignment, "vanished", "SITE_VANISHED", text);
      }
    });
    return "again";
  }

  async #assign(
    tx: Tx,
    kind: WorkKind,
    sites: readonly SiteId[],
    round: Pick<Round, "runId" | "round" | "base" | "deadlineAtMs">,
  ): Promise<void> {
    for (const site of sites) {
      const { runId, base, deadlineAtMs } = round;
      const fresh: NewAssignment = {
        id: assignmentId(runId, round.round, kind, site),
        runId,
        round: round.round,
        kind,
        site,
        base,
        deadlineAtMs,
      };
      const assignment = await insertAssignment(tx.db, fresh, this.#parts.clock.nowMs());
      tx.afterCommit(() => void this.#parts.assignments.push(assignment));
    }
  }

  async #saveModel(
    tx: Tx,
    training: Training,
    version: { runId: RunId; round: number; blob: BlobRef; sites: number },
  ): Promise<void> {
    const createdAtMs = this.#parts.clock.nowMs();
    await insertModelVersion(tx.db, {
      ...version,
      model: training.name,
      createdAtMs,
      layers: JSON.stringify(training.layers),
    });
  }

  async #wait(wakeUps: readonly Promise<void>[], untilMs: number | undefined): Promise<void> {
    let takeBack = () => {};
    const due = new Promise<void>((resolve) => {
      if (untilMs !== undefined)
        takeBack = this.#parts.clock.after(untilMs - this.#parts.clock.nowMs(), resolve);
    });
    await Promise.race([...wakeUps, due]);
    takeBack();
  }
}

/** The sites' training metrics under `train_…`, so that they are not taken for the evaluation's. */
function trainingMetrics(delivered: readonly Assignment[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(weightedMetrics(delivered)).map(([name, value]) => [`train_${name}`, value]),
  );
}

function modelOf(round: Round): BlobRef {
  if (round.model === undefined)
    throw new ComityError("INTERNAL", `Round ${round.round} is complete without a model.`);
  return round.model;
}
