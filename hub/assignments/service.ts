import type { RunFeed } from "#hub/runs/feed.js";
import type { Presence } from "#hub/sites/presence.js";
import {
  acceptAssignment,
  findAssignment,
  openAssignments,
  reopenAssignment,
  settleAssignment,
  vanishedAssignments,
} from "#hub/store/assignments.js";
import { originOf } from "#hub/store/calls.js";
import { forgetStatesOf } from "#hub/store/site-states.js";
import { countOfStage, findStage, moveStage } from "#hub/store/stages.js";
import type { Store } from "#hub/store/store.js";
import type { Tx } from "#hub/store/tx.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError, type ErrorCode } from "#kernel/errors.js";
import type { AssignmentId, SiteId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { printable } from "#kernel/words.js";
import { findKind } from "#proto/work/index.js";
import type { Kind } from "#proto/work/kind.js";
import type { Assignment, AssignmentState } from "./model.js";
import { isOpen } from "./model.js";
import type { CallNews } from "./news.js";
import type { Stage } from "./stage.js";

interface Parts {
  readonly store: Store;
  readonly presence: Presence;
  readonly feed: RunFeed;
  readonly news: CallNews;
  /** What each function does, in one sentence, by its name: sites are told for what they work. */
  readonly purposes: ReadonlyMap<string, string>;
  /** The kinds of work that this hub knows. */
  readonly kinds: readonly Kind[];
  readonly clock: Clock;
  readonly log: Log;
}

/** How often one site may try one assignment that it says may succeed next time. */
const maxAttempts = 3;

/** Offers assignments to sites and records what becomes of them; answers come in through {@link AnswerIntake}. */
export class Assignments {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Pushes open assignments of one stage to those of their sites that are there; the others wait for their next session. `opened`: the stage
   * as it was written, of which these are all assignments if it is a barrier.
   */
  async push(assignments: readonly Assignment[], opened?: Stage): Promise<void> {
    const { store, presence, log } = this.#parts;
    const there = assignments.filter(({ site }) => presence.get(site) !== undefined);
    const [first] = there;
    if (first === undefined) return;
    try {
      const stage = opened ?? (await findStage(store.db, first));
      const call = await originOf(store.db, first);
      if (stage === undefined || call === undefined) return;
      const { runName, startedBy } = call;
      const isWhole = opened?.concurrency === 0;
      const asked = isWhole ? assignments.length : (await countOfStage(store.db, first)).asked;
      const purpose = this.#parts.purposes.get(call.function) ?? "";
      const { siteState } = stage;
      const stateKey = siteState === undefined ? undefined : `${first.runId}/${call.origin}/${siteState}`;
      for (const assignment of there) {
        const draw = call.drawBase + assignment.issued + 1;
        const origin = { runName, startedBy, function: call.function, purpose, draw, stateKey, asked };
        presence.get(assignment.site)?.offer({ assignment, stage, ...origin });
      }
    } catch (error) {
      log.error({ assignmentId: first.id, err: error }, "an offer could not be made");
      const passing = ComityError.from(error);
      if (passing.kind.retryable !== true) return;
      // Those sites come back by themselves, say what they hold, and are offered the rest.
      for (const { site } of there) presence.get(site)?.close(passing);
    }
  }

  /** A site is there (again): offers what it does not hold, reopens what it had vanished from, cancels what nobody wants any more. */
  async resume(
    site: SiteId,
    held: readonly { assignmentId: AssignmentId; attempt: number }[],
  ): Promise<void> {
    const { store, feed, presence } = this.#parts;
    if ((await vanishedAssignments(store.db, site)).length > 0) {
      await store.write(async (tx) => {
        // In the transaction: whether the stage is open must not change before its commit.
        for (const assignment of await vanishedAssignments(tx.db, site)) {
          const { runId, round, attempt } = assignment;
          if (!(await this.#reopen(tx, assignment, ["vanished"]))) continue;
          const text = `${site} is back and is offered round ${round} again (attempt ${attempt + 1}).`;
          feed.append(tx, { runId, type: "assignment.offered", round, site, text });
        }
      });
    }
    const open = await openAssignments(store.db, site);
    const heldAttempts = new Map(held.map(({ assignmentId, attempt }) => [assignmentId, attempt]));
    for (const assignment of open) {
      if (heldAttempts.get(assignment.id) !== assignment.attempt) await this.push([assignment]);
    }
    const wanted = new Set(open.map(({ id }) => id));
    for (const { assignmentId } of held) {
      if (!wanted.has(assignmentId))
        presence.get(site)?.cancel(assignmentId, "The hub does not wait for it any more.");
    }
  }

  /** The site has the assignment in its journal. */
  accepted(site: SiteId, id: AssignmentId, attempt: number): void {
    const { store, feed } = this.#parts;
    // What counts is in the site's journal, and said again in its next Hello: this may share a transaction with others.
    store.soon(async (tx) => {
      const accepted = await acceptAssignment(tx.db, site, id, attempt);
      if (accepted === undefined) return;
      const { runId, round, kind } = accepted;
      const text = `${site} has accepted to ${findKind(this.#parts.kinds, kind)?.words.doing ?? kind}.`;
      feed.append(tx, { runId, type: "assignment.accepted", round, site, text, data: { kind } });
    });
  }

  /** The site is put out: what it has open ends at once. */
  async siteRevoked(site: SiteId): Promise<void> {
    await this.#parts.store.write(async (tx) => {
      for (const assignment of await openAssignments(tx.db, site)) {
        await this.giveUp(tx, assignment, "failed", "SITE_REVOKED", `${site} has been revoked.`);
      }
    });
  }

  /** The site's own rules said no. */
  async refused(
    site: SiteId,
    id: AssignmentId,
    attempt: number,
    code: string,
    reason: string,
  ): Promise<void> {
    const why = { code: printable(code, 60), text: printable(reason) };
    // What the site no longer has is no longer asked for: from the next round on it begins anew.
    const lost = code === "STATE_LOST";
    await this.#settle(site, id, attempt, "refused", why, lost);
  }

  /** The site could not do it. What may succeed next time is offered again, up to three times in all. */
  async failed(
    site: SiteId,
    id: AssignmentId,
    attempt: number,
    code: string,
    reason: string,
    retryable: boolean,
  ): Promise<void> {
    const why = { code: printable(code, 60), text: printable(reason) };
    if (!retryable || attempt >= maxAttempts) return this.#settle(site, id, attempt, "failed", why);
    const assignment = await this.#own(site, id, attempt);
    if (assignment === undefined) return;
    const again = await this.#parts.store.write(async (tx) => {
      if (!(await this.#reopen(tx, assignment, ["offered", "accepted"]))) return undefined;
      const text = `${site} failed (${why.text}) and is offered round ${assignment.round} again (attempt ${attempt + 1}).`;
      this.#parts.feed.append(tx, {
        runId: assignment.runId,
        type: "assignment.offered",
        round: assignment.round,
        site,
        text,
        data: { ...why },
      });
      return findAssignment(tx.db, id);
    });
    if (again !== undefined) await this.push([again]);
  }

  /** How far the site is: told to those who watch, not kept. */
  async progress(
    site: SiteId,
    id: AssignmentId,
    attempt: number,
    fraction: number,
    text: string,
  ): Promise<void> {
    const assignment = await this.#own(site, id, attempt);
    if (assignment === undefined || !(fraction >= 0 && fraction <= 1)) return;
    const { runId, round, kind } = assignment;
    this.#parts.feed.tell({
      runId,
      type: "assignment.progress",
      round,
      site,
      text: printable(text, 100),
      data: { fraction, kind },
    });
  }

  /** Ends an open assignment for a reason of the hub's: vanished, late, or an answer that was refused for good. */
  async giveUp(
    tx: Tx,
    assignment: Assignment,
    state: "vanished" | "late" | "failed",
    code: ErrorCode,
    text: string,
  ): Promise<void> {
    if (!(await this.#close(tx, assignment, state, { code, text }))) return;
    const { runId, round, site, kind } = assignment;
    this.#parts.feed.append(tx, {
      runId,
      type: `assignment.${state}`,
      round,
      site,
      text,
      data: { kind, code },
    });
    if (state !== "vanished")
      tx.afterCommit(() => this.#parts.presence.get(site)?.cancel(assignment.id, text));
  }

  /** Tells the sites to stop work that has been closed. */
  cancel(assignments: readonly Assignment[], reason: string): void {
    for (const { id, site } of assignments) this.#parts.presence.get(site)?.cancel(id, reason);
  }

  async #settle(
    site: SiteId,
    id: AssignmentId,
    attempt: number,
    state: Extract<AssignmentState, "refused" | "failed">,
    reason: { code: string; text: string },
    forgetsState = false,
  ): Promise<void> {
    const assignment = await this.#own(site, id, attempt);
    if (assignment === undefined) return;
    await this.#parts.store.write(async (tx) => {
      if (!(await this.#close(tx, assignment, state, reason))) return;
      if (forgetsState) await forgetStatesOf(tx.db, assignment.runId, site);
      const { runId, round, kind } = assignment;
      const text = `${site} has ${state}: ${reason.text}`;
      this.#parts.feed.append(tx, {
        runId,
        type: `assignment.${state}`,
        round,
        site,
        text,
        data: { kind, ...reason },
      });
    });
  }

  /** Ends an open assignment without an answer, and lets its call look. False when it is not open any more. */
  async #close(
    tx: Tx,
    assignment: Assignment,
    state: AssignmentState,
    reason: { code: string; text: string },
  ): Promise<boolean> {
    if (!(await settleAssignment(tx.db, assignment.id, assignment.attempt, state, reason))) return false;
    await moveStage(tx.db, assignment, -1);
    this.#parts.news.tell(tx, assignment);
    return true;
  }

  /** Offers an assignment anew while its stage is open. */
  async #reopen(tx: Tx, assignment: Assignment, from: readonly AssignmentState[]): Promise<boolean> {
    const { id, attempt, state } = assignment;
    const opened = isOpen(state) ? 0 : 1;
    if ((await moveStage(tx.db, assignment, opened)) === undefined) return false;
    if (!(await reopenAssignment(tx.db, id, attempt, from))) {
      await moveStage(tx.db, assignment, -opened);
      return false;
    }
    this.#parts.news.tell(tx, assignment);
    return true;
  }

  /** The assignment if it is this site's and still open at this attempt. Anything else is old news, or not the site's business. */
  async #own(site: SiteId, id: AssignmentId, attempt: number): Promise<Assignment | undefined> {
    const assignment = await findAssignment(this.#parts.store.db, id);
    if (assignment?.site === site && assignment.attempt === attempt && isOpen(assignment.state))
      return assignment;
    this.#parts.log.debug(
      { site, assignmentId: id, attempt },
      "message for an assignment that is not open at this attempt",
    );
    return undefined;
  }
}
