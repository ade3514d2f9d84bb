import { deferred } from "#kernel/async.js";
import { reportError } from "./render/error.js";
import { note } from "./render/output.js";

/** A program that runs until it is told to stop. */
interface Running {
  /** Ends in good order. */
  stop(): Promise<void>;
  /** Settles when it has ended without being told; rejects with the reason. */
  readonly ended?: Promise<void>;
}

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;
const drainMs = 9_500;
const orphanMs = 2_000;

/**
 * Runs a program in the foreground. SIGINT or SIGTERM stops it in good order within 10 s and the process exits with 0; a second
 * one ends it at once with 128 + n. With `exitWithParent` it also stops when standard input closes, that is when the process
 * that started it is gone.
 */
export async function serve(
  start: () => Promise<Running>,
  { exitWithParent }: { exitWithParent: boolean },
): Promise<void> {
  const stopping = deferred();
  const limit = (ms: number): void => void setTimeout(() => process.exit(1), ms).unref();
  let asked = false;
  for (const [signal, number] of Object.entries(signalNumbers)) {
    process.on(signal, () => {
      if (asked) process.exit(128 + number);
      asked = true;
      if (process.stderr.isTTY) note("Stopping; once more ends it at once.");
      limit(drainMs);
      stopping.resolve();
    });
  }
  if (exitWithParent) {
    process.stdin.on("error", () => undefined);
    process.stdin.once("close", () => {
      limit(orphanMs);
      stopping.resolve();
    });
    process.stdin.resume();
  }
  let code = 0;
  try {
    const running = await start();
    await Promise.race([stopping.promise, running.ended ?? stopping.promise]);
    await running.stop();
  } catch (error) {
    code = reportError(error);
  }
  // Sockets and timers that nobody waits for must not keep the process.
  process.exit(code);
}
