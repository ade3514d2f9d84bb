import type { ErrorCode } from "#kernel/errors.js";

const baseMs = 100;
const capMs = 5000;

/**
 * How long to wait before the next try, when the hub has been away for `outageMs`: anywhere ("full jitter") between 0 and a
 * quarter of that time, at least of 100 ms and at most of 5 s. So a hub that restarts has its agents back within a quarter of its absence,
 * and one that is away for long is not stormed.
 */
export function reconnectDelayMs(outageMs: number, random = Math.random()): number {
  return random * Math.min(capMs, Math.max(baseMs, outageMs / 4));
}

/** How long to stay away when the hub has named a time: that time, and up to a quarter more, so that not all come at once. */
export function drainDelayMs(suggestedMs: number, random = Math.random()): number {
  return Math.min(suggestedMs, 60_000) * (1 + random / 4);
}

/** Refusals that no waiting cures: the agent stops with them. */
const finalCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SITE_REVOKED",
  "SESSION_REPLACED",
  "PROTOCOL_UNSUPPORTED",
  "PERMISSION_DENIED",
  "CERTIFICATE_INVALID",
  "PROXY_INVALID",
]);

export const isFinal = (code: ErrorCode): boolean => finalCodes.has(code);
