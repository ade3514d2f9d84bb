import { renewalDelayMs } from "#certs/renewal.js";
import { fullJitterMs, sleep } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";
import type { HubPort } from "../assignments/hub.js";
import type { Identity } from "./identity.js";

/** Waits between tries when the hub cannot be reached or refuses: a certificate has half of its life left for them. */
const again = { baseMs: 1000, maxMs: 5 * 60_000 } as const;

/** Between two renewals: where the clocks differ by more than half a certificate's life, the next one would be due at once. */
const leastMs = 1000;

interface RenewalOptions {
  readonly identity: Identity;
  readonly hub: HubPort;
  /** Puts a session with the new certificate in the place of the old one. */
  readonly replace: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Renews the certificate at about half of its life, again and again, until it is stopped. */
export class Renewal {
  readonly #options: RenewalOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let tries = 0; !signal.aborted; ) {
      if (tries === 0) await this.#due();
      else await sleep(fullJitterMs(tries, again), signal);
      tries = (await this.#tryOnce()) ? 0 : tries + 1;
    }
  }

  /** Waits until half of the certificate's life has passed. */
  async #due(): Promise<void> {
    const { identity, clock } = this.#options;
    const { notBeforeMs, notAfterMs } = identity;
    const dueMs = renewalDelayMs({ notBeforeMs, notAfterMs, nowMs: clock.nowMs(), random: Math.random() });
    const delayMs = Math.max(leastMs, dueMs);
    const { signal } = this.#stop;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const takeBack = clock.after(delayMs, () => {
        signal.removeEventListener("abort", stop);
        resolve();
      });
      const stop = (): void => {
        takeBack();
        resolve();
      };
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  async #tryOnce(): Promise<boolean> {
    const { identity, hub, replace, log } = this.#options;
    const { signal } = this.#stop;
    try {
      const link = await hub.link(signal);
      const release = link.hold();
      try {
        await identity.renew(link.channel);
      } finally {
        release();
      }
      log.info({ expires: new Date(identity.notAfterMs).toISOString() }, "the certificate has been renewed");
    } catch (thrown) {
      if (signal.aborted) return false;
      const { code, message, hint } = ComityError.from(thrown);
      log.warn(
        { code, hint, expires: new Date(identity.notAfterMs).toISOString() },
        `the certificate could not be renewed: ${message}`,
      );
      return false;
    }
    // The new certificate is on disk: if this fails, the next session takes it anyway.
    await replace().catch((err: unknown) =>
      log.warn({ err }, "the session with the new certificate did not come about"),
    );
    return true;
  }
}
