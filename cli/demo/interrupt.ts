/** Somebody ended the demo with a signal. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: string, number: number) {
    super(`Stopped by ${signal}.`);
    this.exitCode = 128 + number;
  }
}

const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Calls `stop` at the first signal; a second one ends the process at once. `lastMoment` runs whenever the process exits
 * before the returned function is called: by a second signal, or because something was thrown that nobody caught.
 */
export function untilInterrupted(stop: (reason: Interrupted) => void, lastMoment: () => void): () => void {
  let asked = false;
  const handlers = Object.entries(signals).map(([signal, number]) => {
    const handler = (): void => {
      if (asked) process.exit(128 + number);
      asked = true;
      stop(new Interrupted(signal, number));
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  process.on("exit", lastMoment);
  return () => {
    for (const takeBack of handlers) takeBack();
    process.off("exit", lastMoment);
  };
}
