import { putIntoInbox } from "#hub/store/owners.js";
import { listenersFor } from "#hub/store/snapshots.js";
import type { Store } from "#hub/store/store.js";
import type { Expressions } from "#hub/workflow/expression/model.js";
import type { CloudEvent, EventFilter, ListenerId } from "#hub/workflow/interpreter/model.js";
import { Matcher } from "#hub/workflow/matching.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError, type ErrorCode } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { RunId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { inboxTopic } from "./control.js";
import type { Core } from "./core.js";
import type { Happening } from "./model.js";

interface Parts {
  readonly core: Core;
  readonly store: Store;
  readonly expressions: Expressions;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is wrong with the run itself: no repetition of the event would help. */
const beyondHelp: readonly ErrorCode[] = [
  "BLOB_NOT_FOUND",
  "JOURNAL_DAMAGED",
  "RUN_NOT_FOUND",
  "WORKFLOW_INVALID",
];

/** Hands events to the runs that listen for them. */
export class Delivery {
  readonly #parts: Parts;
  readonly #matcher: Matcher;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#matcher = new Matcher(parts.expressions, parts.clock);
  }

  /**
   * Hands an event to every listener that it fits; when the promise resolves, each has it in its journal. The same event again, by
   * `source` and `id`, changes nothing. Returns how many runs took it.
   */
  async deliver(event: CloudEvent): Promise<number> {
    const { store } = this.#parts;
    const rows = await listenersFor(store.db, event.type);
    const taken = await Promise.all(
      rows.map(async (row) => {
        const filters = await this.#matcher.fitting(event, JSON.parse(row.filters) as readonly EventFilter[]);
        const listener = row.listener as ListenerId;
        const runId = row.run_id as RunId;
        const took =
          filters.length > 0 &&
          (await this.#handIfPossible(runId, { type: "event.received", listener, event, filters }));
        return took ? [runId] : [];
      }),
    );
    return new Set(taken.flat()).size;
  }

  /** A run that is damaged keeps nobody else from having the event. */
  async #handIfPossible(runId: RunId, happening: Happening & { type: "event.received" }): Promise<boolean> {
    try {
      return await this.#hand(runId, happening);
    } catch (error) {
      const { code } = ComityError.from(error);
      if (!beyondHelp.includes(code)) throw error;
      this.#parts.log.error({ runId, code, err: error }, "a run cannot take an event that it listens for");
      return false;
    }
  }

  async #hand(runId: RunId, happening: Happening & { type: "event.received" }): Promise<boolean> {
    const { core, store } = this.#parts;
    const sent = await core.actors.send(runId, { happening });
    if (sent !== "elsewhere") return sent;
    const { listener, event } = happening;
    // The same event in the same listener's inbox twice is one.
    const itemId = hashBytes(JSON.stringify([listener, event.source, event.id]));
    const { text, payloads } = core.payloads.pack(happening);
    await core.payloads.keep(payloads);
    await store.write(async (tx) => {
      await putIntoInbox(tx.db, runId, itemId, text);
      store.notifier.notify(tx, inboxTopic, runId);
    });
    return true;
  }
}
