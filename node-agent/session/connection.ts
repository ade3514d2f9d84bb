import { type Deferred, deferred, sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";
import { answersCapability } from "#proto/codec/work.js";
import type { FromAgent } from "#proto/generated/comity/v1/FromAgent.js";
import type { Receipt__Output } from "#proto/generated/comity/v1/Receipt.js";
import type { UploadHeader } from "#proto/generated/comity/v1/UploadHeader.js";
import type { RpcChannel } from "#proto/rpc/channel.js";
import type { HubLink, HubPort } from "../assignments/hub.js";
import { drainDelayMs, isFinal, reconnectDelayMs } from "./reconnect.js";
import { type Introduction, Session, type SessionEnd, type SessionEvents } from "./session.js";

/** A failure is told of at once, and then at most this often while it lasts. */
const complainEveryMs = 30_000;
/** A session that ends sooner does not count as the end of an outage, so that a hub that refuses is not asked in a tight loop. */
const stableMs = 5000;

interface ConnectionOptions {
  /** A channel with the present identity, which is renewed first where it has expired. */
  readonly open: () => Promise<RpcChannel>;
  readonly introduction: Introduction;
  readonly events: SessionEvents;
  /** Called with what the hub can do whenever a session has begun that new messages go over. */
  readonly onSession?: (capabilities: readonly string[]) => void;
  readonly log: Log;
}

/** One channel with a session on it. */
class Live implements HubLink {
  readonly channel: RpcChannel;
  readonly session: Session;
  readonly #lost = new AbortController();
  #holds = 0;
  #idle: Deferred<void> | undefined;
  #end: SessionEnd | undefined;
  #isSuperseded = false;

  constructor(channel: RpcChannel, session: Session) {
    this.channel = channel;
    this.session = session;
    void session.ended.then((end) => {
      this.#end = end;
      this.#loseAfterEnd();
    });
  }

  /** While a newer session takes over, the hub ends this one; the calls on its connection go on. */
  set isSuperseded(value: boolean) {
    this.#isSuperseded = value;
    this.#loseAfterEnd();
  }

  #loseAfterEnd(): void {
    if (this.#end === undefined || this.#isSuperseded) return;
    this.#lost.abort(this.#end.error ?? new ComityError("HUB_UNREACHABLE", "The session has ended."));
  }

  get takesAnswers(): boolean {
    return this.session.welcome.capabilities.includes(answersCapability);
  }

  answer(header: UploadHeader, signal: AbortSignal): Promise<Receipt__Output> {
    return this.session.answer(header, signal);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holds === 0) this.#idle?.resolve();
    };
  }

  /** Settles when no call holds the connection. */
  async idle(): Promise<void> {
    if (this.#holds === 0) return;
    this.#idle ??= deferred();
    await this.#idle.promise;
  }
}

/** Keeps one session with the hub: connects, and connects again whenever it breaks off, until it is stopped or the hub refuses for good. */
export class Connection implements HubPort {
  readonly #options: ConnectionOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** The one that new calls go over. */
  #current: Live | undefined;
  /** Every session that has not ended, also one that drains. */
  readonly #open = new Set<Live>();
  #waiting: Deferred<void> | undefined;
  #replacing: Promise<void> | undefined;
  #complainedMs = Number.NEGATIVE_INFINITY;

  /** Begins to connect at once. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#running = this.#run();
    this.#running.catch(() => undefined);
  }

  /** Resolves after {@link close}; rejects when the hub has refused for good: `SITE_REVOKED`, `SESSION_REPLACED`, `PROTOCOL_UNSUPPORTED`, … */
  get ended(): Promise<void> {
    return this.#running;
  }

  /** Whether there is a session that takes new calls. */
  get isConnected(): boolean {
    return this.#current !== undefined;
  }

  send(message: FromAgent): void {
    this.#current?.session.send(message);
  }

  async link(signal: AbortSignal): Promise<HubLink> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#current !== undefined) return this.#current;
      this.#waiting ??= deferred();
      await firstOf(this.#waiting.promise, signal);
    }
  }

  /** Opens a session with the present identity before the old one is closed; calls under way end on the old connection. */
  async replace(): Promise<void> {
    this.#replacing ??= this.#replace().finally(() => {
      this.#replacing = undefined;
    });
    await this.#replacing;
  }

  /** Ends the session in good order and stays away. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const live of this.#open) live.session.end();
    const late = new AbortController();
    await Promise.race([this.#running.catch(() => undefined), sleep(1000, late.signal)]);
    late.abort();
    for (const live of this.#open) live.session.cancel();
    await this.#running.catch(() => undefined);
  }

  async #run(): Promise<void> {
    let awaySinceMs = performance.now();
    while (!this.#stop.signal.aborted) {
      let delayMs: number;
      try {
        const live = await this.#connect();
        const sinceMs = performance.now();
        this.#adopt(live);
        const end = await this.#follow(live);
        if (end.error !== undefined) this.#weigh(end.error);
        if (performance.now() - sinceMs > stableMs || end.drainMs !== undefined)
          awaySinceMs = performance.now();
        delayMs =
          end.drainMs === undefined
            ? reconnectDelayMs(performance.now() - awaySinceMs)
            : drainDelayMs(end.drainMs);
      } catch (thrown) {
        this.#weigh(ComityError.from(thrown));
        delayMs = reconnectDelayMs(performance.now() - awaySinceMs);
      }
      await sleep(delayMs, this.#stop.signal);
    }
  }

  /** Throws what no waiting cures, and tells of the rest. */
  #weigh(error: ComityError): void {
    if (this.#stop.signal.aborted) return;
    if (isFinal(error.code)) throw error;
    const nowMs = performance.now();
    if (nowMs - this.#complainedMs < complainEveryMs) return;
    this.#complainedMs = nowMs;
    this.#options.log.warn(
      { code: error.code, hint: error.hint },
      `no session with the hub, trying again: ${error.message}`,
    );
  }

  async #connect(): Promise<Live> {
    const { open, introduction, events, log } = this.#options;
    const channel = await open();
    if (this.#stop.signal.aborted) {
      channel.close();
      throw new ComityError("HUB_UNREACHABLE", "The agent is stopping.");
    }
    // A session that is being opened when the agent stops is given up at once.
    const abandon = (): void => channel.close();
    this.#stop.signal.addEventListener("abort", abandon, { once: true });
    try {
      return new Live(channel, await Session.open(channel, introduction, events, log));
    } catch (error) {
      channel.close();
      throw error;
    } finally {
      this.#stop.signal.removeEventListener("abort", abandon);
    }
  }

  #adopt(live: Live): void {
    const { log } = this.#options;
    this.#current = live;
    this.#open.add(live);
    void live.session.ended.then(() => this.#open.delete(live));
    this.#complainedMs = Number.NEGATIVE_INFINITY;
    log.info(
      { hub: live.channel.target, hubVersion: live.session.welcome.hubVersion },
      "connected to the hub",
    );
    this.#options.onSession?.(live.session.welcome.capabilities);
    if (this.#stop.signal.aborted) live.session.end();
    this.#waiting?.resolve();
    this.#waiting = undefined;
    // A hub that stops waits for what is under way, and for the agent's end of the stream.
    void live.session.draining
      .then(() => {
        if (this.#current === live) this.#current = undefined;
        return live.idle();
      })
      .then(() => live.session.end());
  }

  /** Waits for the end of the present session, whichever that will be: renewal puts another in its place. */
  async #follow(first: Live): Promise<SessionEnd> {
    for (let live = first; ; ) {
      const end = await live.session.ended;
      const hasFailed = await this.#replacing?.then(
        () => false,
        () => true,
      );
      const next = this.#current;
      if (next === undefined || next === live) {
        this.#current = undefined;
        live.channel.close();
        // Replaced by a session of our own that then did not come about.
        return hasFailed === true ? { ...end, error: undefined } : end;
      }
      live = next;
    }
  }

  async #replace(): Promise<void> {
    const old = this.#current;
    if (old === undefined) return;
    old.isSuperseded = true;
    try {
      this.#adopt(await this.#connect());
    } catch (error) {
      old.isSuperseded = false;
      throw error;
    }
    await old.idle();
    old.session.end();
    void old.session.ended.then(() => old.channel.close());
  }
}

/** Waits for a promise or a signal; throws the signal's reason. */
async function firstOf(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = deferred();
  const fire = (): void => aborted.resolve();
  signal.addEventListener("abort", fire, { once: true });
  await Promise.race([promise, aborted.promise]);
  signal.removeEventListener("abort", fire);
  signal.throwIfAborted();
}
