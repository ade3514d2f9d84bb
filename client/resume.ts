import { fullJitterMs, sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";

/** What a repeated call may cure: the hub went away, or is about to. */
const passing: ReadonlySet<string> = new Set(["HUB_UNREACHABLE", "HUB_DRAINING", "DEADLINE_EXCEEDED"]);

/** Whether a call failed only because the hub was not there. */
export function isPassing(thrown: unknown): boolean {
  return thrown instanceof ComityError && passing.has(thrown.code);
}

const defaultGiveUpMs = 120_000;

/**
 * One long stream made of several: when the connection is lost, `open` is called again, with full jitter up to 5 s between
 * tries, until nothing has come for `giveUpMs`. A hub that cannot be reached at the very first is an error at once.
 */
export async function* resume<T>(
  { signal, giveUpMs = defaultGiveUpMs }: { readonly signal?: AbortSignal; readonly giveUpMs?: number },
  open: () => AsyncIterable<T>,
  seen: (value: T) => void = () => undefined,
): AsyncGenerator<T, void, undefined> {
  let lastSeenMs: number | undefined;
  for (let failures = 0; ; failures++) {
    try {
      for await (const value of open()) {
        lastSeenMs = performance.now();
        failures = 0;
        seen(value);
        yield value;
      }
      return;
    } catch (error) {
      if (!isPassing(error) || lastSeenMs === undefined || performance.now() - lastSeenMs > giveUpMs)
        throw error;
    }
    await sleep(fullJitterMs(failures, { baseMs: 200, maxMs: 5_000 }), signal);
    signal?.throwIfAborted();
  }
}
