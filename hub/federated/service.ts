import { holders, stagedOf } from "#hub/blobs/uses.js";
import { compareIds } from "#hub/routing/select.js";
import type { NewEvent } from "#hub/runs/model.js";
import type { PresenceChange } from "#hub/sites/presence.js";
import { closeAssignments, openAssignments } from "#hub/store/assignments.js";
import { answerHolders } from "#hub/store/blobs.js";
import { endCall } from "#hub/store/calls.js";
import type { Lease } from "#hub/store/owners.js";
import { failOpenRounds } from "#hub/store/rounds.js";
import { listSites } from "#hub/store/sites.js";
import { endStages, findStage } from "#hub/store/stages.js";
import type { EffectCaller, WorkflowFunction } from "#hub/workflow/function.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId, SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { CallRef } from "#kernel/refs.js";
import { adoptOld } from "./adopt.js";
import { smallestNumber } from "./advance.js";
import type { CallError } from "./call.js";
import { wishOf } from "./choose.js";
import { neededToBegin } from "./collect/quorum.js";
import { drive } from "./driver.js";
import type { FederatedFunction } from "./function.js";
import { declared } from "./functions/index.js";
import { openCall } from "./open.js";
import type { DriverParts } from "./parts.js";
import { verifyCalls } from "./verify.js";

/** The federated functions of this hub: each a script that one driver takes through its stages. */
export class Federated {
  readonly #parts: DriverParts;
  readonly #functions: readonly FederatedFunction[];

  constructor({ functions, ...parts }: DriverParts & { readonly functions: readonly FederatedFunction[] }) {
    this.#parts = parts;
    this.#functions = functions;
  }

  /** What workflows may call. */
  get functions(): readonly WorkflowFunction[] {
    return this.#functions.map((fn) => ({
      ...declared(fn),
      keepsCall: true,
      perform: (given, caller, signal) => this.#perform(fn, given, caller, signal),
      cancel: (caller, text) => this.#end(caller, "cancelled", { code: "RUN_CANCELLED", text }, undefined),
      explain: (given) => this.#explain(fn, given),
    }));
  }

  /** Plays the calls of a run again from their rows. Returns how many rounds that were. Throws `JOURNAL_DAMAGED`. */
  verify(runId: RunId): Promise<number> {
    const { store } = this.#parts;
    return verifyCalls({ store, functions: this.#functions }, runId);
  }

  /** Takes over what release 0.1 had under way; before anything goes on. */
  adopt(unpack: (text: string) => Promise<Json>): Promise<void> {
    return adoptOld(this.#parts, this.#functions, unpack);
  }

  /** A site has come, left or spoken: calls look again, and those that wait for it say so. */
  async siteChanged(site: SiteId, change: PresenceChange): Promise<void> {
    const { store, feed, news } = this.#parts;
    news.tellAll();
    const open = change === "spoke" ? [] : await openAssignments(store.db, site);
    if (open.length === 0) return;
    const told: NewEvent[] = [];
    for (const assignment of open) {
      const { runId, round } = assignment;
      if (change === "came") {
        told.push({ runId, type: "site.connected", round, site, text: `${site} is back.` });
      } else {
        const graceMs = (await findStage(store.db, assignment))?.rule.graceMs ?? 0;
        const text = `${site} has lost its connection; it is waited for ${graceMs / 1000} s.`;
        told.push({ runId, type: "site.disconnected", round, site, text });
      }
    }
    await store.write((tx) => {
      for (const event of told) feed.append(tx, event);
    });
  }

  /** A call that is made again after a crash goes on from its rows; its argument is the one that it began with. */
  async #perform(
    fn: FederatedFunction,
    given: unknown,
    caller: EffectCaller,
    signal: AbortSignal,
  ): Promise<Json> {
    const { lease } = caller;
    try {
      await openCall(this.#parts, fn, caller, given);
      return await drive(this.#parts, fn, caller, lease, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = ComityError.from(thrown);
      // What may pass by itself leaves the call open: the engine makes it again.
      if (error.kind.retryable !== true)
        await this.#end(caller, "failed", { code: error.code, text: error.message }, lease);
      throw error;
    }
  }

  /** Ends what is open of a call, at the sites too: one transaction. Its state stays, for a retry by hand. */
  async #end(
    { runId, effect }: CallRef,
    status: "failed" | "cancelled",
    error: CallError,
    lease: Lease | undefined,
  ): Promise<void> {
    const { store, clock, assignments, retention } = this.#parts;
    const call = { runId, effect };
    await store.write(async (tx) => {
      const position = await endCall(tx.db, call, status, error, lease);
      if (position === undefined) return;
      await endStages(tx.db, call, "failed", clock.nowMs());
      const closed = await closeAssignments(tx.db, call, "cancelled", error);
      await failOpenRounds(tx.db, call, clock.nowMs());
      await retention.drop(tx, [holders.folds(call, position + 1), ...(await answerHolders(tx.db, call))]);
      for (const prefix of stagedOf(call)) retention.discardStaged(tx, prefix);
      tx.afterCommit(() => assignments.cancel(closed, error.text));
    });
  }

  /** Where the first stage of a call would go now, which rule keeps each other site out, and what it would fail with. */
  async #explain(fn: FederatedFunction, given: unknown): Promise<Json> {
    const { store, presence, chooser, minSites } = this.#parts;
    const { to, ...asked } = fn.first(given);
    const sites = await listSites(store.db);
    const request = { sites, wish: wishOf(asked, to.at), online: presence.onlineSites, draw: 1 };
    const { chosen, rejected } = await chooser.choose(request);
    const needed = neededToBegin(asked.rule);
    const told = [
      ...chosen.map((site) => ({ site, chosen: true })),
      ...rejected.map(({ site, reason }) => ({ site, chosen: false, reason })),
    ];
    return {
      sites: told.toSorted((a, b) => compareIds(a.site, b.site)),
      needed,
      behind: smallestNumber(asked, minSites),
      ...(chosen.length < needed && { refusal: "SITES_TOO_FEW" }),
    };
  }
}
