import type { RetryPolicy } from "../definition/parts.js";
import { type Asking, holds } from "./dataflow.js";
import { evaluateDuration } from "./duration.js";
import { fault } from "./errors.js";
import type { TryFrame } from "./model.js";
import type { View } from "./scope.js";

/** No delay between two attempts is longer: a year. */
const maxDelayMs = 365 * 86_400_000;

/** The policy that a catch names or holds. */
export function policyOf(view: View, retry: RetryPolicy | string | undefined): RetryPolicy | undefined {
  if (typeof retry !== "string") return retry;
  const policy = view.draft.program.workflow.use?.retries?.[retry];
  if (policy === undefined) throw fault("configuration", `The workflow has no retry policy ${retry}`);
  return policy;
}

/** How long to wait before the next attempt; undefined when there is to be none. The view knows the error as a variable. */
export function* nextDelay(view: View, policy: RetryPolicy, trying: TryFrame): Asking<number | undefined> {
  const { draft, id } = view;
  const { limit } = policy;
  if (trying.attempt > (limit?.attempt?.count ?? Number.POSITIVE_INFINITY)) return undefined;
  if (policy.when !== undefined && !(yield* holds(view, policy.when))) return undefined;
  if (policy.exceptWhen !== undefined && (yield* holds(view, policy.exceptWhen))) return undefined;

  const base = policy.delay === undefined ? 0 : yield* evaluateDuration(view, policy.delay);
  const from = policy.jitter === undefined ? 0 : yield* evaluateDuration(view, policy.jitter.from);
  const to = policy.jitter === undefined ? 0 : yield* evaluateDuration(view, policy.jitter.to);
  const chance = fraction(`${draft.state.info.id} ${draft.frame(id).ref} ${id} ${trying.attempt}`);
  const delay = backedOff(base, policy, trying.attempt) + from + Math.round(Math.max(0, to - from) * chance);

  if (limit?.duration !== undefined) {
    const limitMs = yield* evaluateDuration(view, limit.duration);
    if (draft.nowMs + delay - trying.sinceMs > limitMs) return undefined;
  }
  return Math.min(delay, maxDelayMs);
}

/** The delay after an attempt: the same, `attempt` times as long, or twice as long as the one before. */
function backedOff(delayMs: number, { backoff }: RetryPolicy, attempt: number): number {
  const factor =
    backoff?.linear !== undefined ? attempt : backoff?.exponential !== undefined ? 2 ** (attempt - 1) : 1;
  return Math.min(delayMs * factor, maxDelayMs);
}

/** A number from 0 to 1 that looks random, and is the same in every replay: FNV-1a, then the last mixing of MurmurHash3. */
export function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0xffff_ffff;
}
