/**
 * How long to wait before a certificate is renewed: until half of its life, give or take a tenth of it, so that many agents
 * do not come at once. 0 when that has passed. `random`: from 0 up to 1.
 */
export function renewalDelayMs(options: {
  notBeforeMs: number;
  notAfterMs: number;
  nowMs: number;
  random: number;
}): number {
  const { notBeforeMs, notAfterMs, nowMs, random } = options;
  const dueMs = notBeforeMs + (notAfterMs - notBeforeMs) * (0.4 + 0.2 * random);
  return Math.max(0, Math.round(dueMs - nowMs));
}
