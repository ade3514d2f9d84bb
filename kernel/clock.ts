/** Time as the rest of Comity sees it; `main.ts` hands in {@link systemClock}, tests may hand in another. */
export interface Clock {
  /** Wall-clock milliseconds since 1970, for records. */
  nowMs(): number;
  /** Milliseconds that never jump, for how long something takes; they mean nothing outside this process. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`; the returned function takes it back. Long delays are allowed. */
  after(delayMs: number, callback: () => void): () => void;
}

/** `setTimeout` overflows at 2^31 ms. */
const maxTimeoutMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const dueMs = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const arm = () => {
      const leftMs = dueMs - performance.now();
      timer = setTimeout(leftMs > maxTimeoutMs ? arm : callback, Math.min(Math.max(leftMs, 0), maxTimeoutMs));
    };
    arm();
    return () => clearTimeout(timer);
  },
};
