import { type Deferred, deferred, Mailbox } from "#kernel/async.js";
import type { RunId } from "#kernel/ids.js";
import type { RunEvent } from "./model.js";

/** Events that are kept in memory for one watcher who is slow. */
const maxUnread = 1000;

/**
 * Wakes whoever waits for news of a run. News is only "look again": the facts are in the store, so a wake-up that gets lost with
 * the process costs nothing.
 */
export class RunChanges {
  readonly #waiting = new Map<RunId, Deferred<void>>();
  readonly #live = new Map<RunId, Set<Mailbox<RunEvent | "look">>>();

  /** Resolves at the next news. Take it before reading the store, so that nothing falls between. */
  next(runId: RunId): Promise<void> {
    let waiting = this.#waiting.get(runId);
    if (waiting === undefined) this.#waiting.set(runId, (waiting = deferred()));
    return waiting.promise;
  }

  /** There is something new in the store: whoever drives the run looks again. */
  notify(runId: RunId): void {
    this.#waiting.get(runId)?.resolve();
    this.#waiting.delete(runId);
  }

  /** Tells those who watch now. Who reads too slowly misses progress, and is told to look for what is kept. */
  tell(event: RunEvent): void {
    for (const mailbox of this.#live.get(event.runId) ?? []) {
      if (mailbox.size < maxUnread) mailbox.push(event);
      // The one that stands last then is for all that follow, until there is room again.
      else if (event.seq > 0 && mailbox.size === maxUnread) mailbox.push("look");
    }
  }

  /** A mailbox that gets every event, or `look` for those it has no room for; call `stop` at the end. */
  subscribe(runId: RunId): { readonly news: Mailbox<RunEvent | "look">; readonly stop: () => void } {
    const news = new Mailbox<RunEvent | "look">();
    const mailboxes = this.#live.get(runId) ?? new Set();
    this.#live.set(runId, mailboxes.add(news));
    return {
      news,
      stop: () => {
        news.close();
        mailboxes.delete(news);
        if (mailboxes.size === 0) this.#live.delete(runId);
      },
    };
  }
}
