import { fullJitterMs, sleep } from "#kernel/async.js";
import { ComityError, type ErrorCode } from "#kernel/errors.js";
import type { AssignmentId } from "#kernel/ids.js";
import { parseJson } from "#kernel/json.js";
import { parseValue } from "#kernel/config.js";
import type { Log } from "#kernel/log.js";
import { type DatasetSelector, type Work, workSchema } from "#proto/codec/work.js";
import type { Held } from "#proto/generated/comity/v1/Held.js";
import type { Offer__Output } from "#proto/generated/comity/v1/Offer.js";
import { type DatasetFacts, decide } from "../policy/decide.js";
import type { Policy } from "../policy/rules.js";
import { type Cargo, deliver, type Trip } from "./delivery.js";
import type { HubPort } from "./hub.js";
import type { Journal } from "./journal.js";
import { type Answer, type Entry, type Offer, offerSchema, type Reason } from "./model.js";
import type { Outbox } from "./outbox.js";
import { Slots } from "./slots.js";
import { download } from "./transfer.js";
import { isWorthTryingAgain, reasonForHub, toComityError } from "./verdict.js";
import type { Workshop } from "./workshop.js";

/** Progress of one assignment is told at most this often; what comes between is left out. */
const progressEveryMs = 200;
/** How often a base model that arrived damaged is fetched again. */
const maxDamaged = 3;
const fetchAgain = { baseMs: 100, maxMs: 5000 } as const;

/** Codes by which the site declines, rather than fails. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "POLICY_REFUSED",
  "DATASET_MISSING",
  "WORK_UNSUPPORTED",
]);

interface ExecutorOptions {
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly workshop: Workshop;
  readonly hub: HubPort;
  readonly policy: Policy;
  readonly isPaused: () => boolean;
  /** The one dataset that a selector means, with its real row counts. Throws `DATASET_MISSING` or `DATA_INVALID`. */
  readonly findDataset: (selector: DatasetSelector) => Promise<DatasetFacts>;
  /** How many assignments are worked on at once. */
  readonly concurrency: number;
  readonly log: Log;
}

/** An assignment that is under way in this process. */
interface Job {
  offer: Offer;
  answer: Answer | undefined;
  /** The answer's update where it is small. */
  bytes: Buffer | undefined;
  /** It is in the journal: told to the hub in Hello. */
  held: boolean;
  readonly abort: AbortController;
  /** The answer on its way. */
  trip: Trip | undefined;
  /** Whether the hub may have a part of the answer already. */
  sentBefore: boolean;
}

/** Takes offers, has them decided, worked on and answered. Each is in the journal before the hub hears of it. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #jobs = new Map<AssignmentId, Job>();
  readonly #running = new Set<Promise<void>>();
  readonly #slots: Slots;
  #stopping = false;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency);
  }

  /** Takes up what the journal holds: what is accepted is worked on again, what is answered is sent again. */
  resume(): void {
    for (const entry of this.#options.journal.open()) this.#start(this.#jobOf(entry));
  }

  /** What the hub need not offer again. */
  held(): Held[] {
    return [...this.#jobs.values()]
      .filter((job) => job.held)
      .map(({ offer: { assignmentId, attempt } }) => ({ assignmentId, attempt }));
  }

  /** An offer has come over the session. */
  offer(message: Offer__Output): void {
    if (this.#stopping) return;
    const offer = this.#parse(message);
    if (offer === undefined) return;
    const job = this.#jobs.get(offer.assignmentId);
    if (job !== undefined) {
      this.#offeredAgain(job, offer);
      return;
    }
    const entry = this.#options.journal.find(offer.assignmentId);
    if (entry === undefined || entry.offer.attempt < offer.attempt) {
      this.#start(newJob(offer));
      return;
    }
    if (entry.offer.attempt === offer.attempt) this.#replay(entry, offer);
  }

  /** The hub does not want an assignment any more. */
  cancel(id: string, reason: string): void {
    for (const job of this.#jobs.values()) if (job.offer.assignmentId === id) this.#drop(job, reason);
  }

  /** Stops the work, gives what is being sent up to `graceMs`, and waits until nothing runs. The journal keeps what is open. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const job of this.#jobs.values()) if (job.trip?.isSending !== true) job.abort.abort();
    const timer = setTimeout(() => this.#abortAll(), graceMs);
    await Promise.allSettled(this.#running);
    clearTimeout(timer);
  }

  #abortAll(): void {
    for (const job of this.#jobs.values()) job.abort.abort();
  }

  #parse(message: Offer__Output): Offer | undefined {
    try {
      return parseValue(message, "offer", offerSchema, "MESSAGE_INVALID");
    } catch (thrown) {
      const error = toComityError(thrown);
      this.#options.log.warn(
        { assignment: message.assignmentId, code: error.code },
        `an offer was refused: ${error.message}`,
      );
      const { assignmentId, attempt } = message;
      this.#options.hub.send({
        refuse: { assignmentId, attempt, code: "MESSAGE_INVALID", reason: error.message },
      });
      return undefined;
    }
  }

  /** The same assignment has come again while it is under way. */
  #offeredAgain(job: Job, offer: Offer): void {
    if (offer.attempt < job.offer.attempt) return;
    if (offer.base.sha256 !== job.offer.base.sha256 || offer.workJson !== job.offer.workJson) {
      this.#drop(job, "the hub offered other work under the same name");
      this.#start(newJob(offer));
      return;
    }
    if (offer.attempt > job.offer.attempt) {
      job.offer = offer;
      if (job.held) this.#options.journal.renew(offer);
    }
    if (job.held) this.#accept(job);
  }

  /** The same assignment has come again after its end: the hub gets the same answer. */
  #replay(entry: Entry, offer: Offer): void {
    const { reason, answer, state } = entry;
    if (state === "declined" && reason !== undefined) {
      this.#sendRefuse(offer, reason);
      return;
    }
    if ((state === "failed" || state === "refused") && reason !== undefined) {
      this.#sendFailed(offer, reason);
      return;
    }
    // The bytes of a delivered update are gone: the same work with the same seed gives the same bytes again.
    if (state === "done" && answer !== undefined && answer.update === undefined) {
      const job = { ...newJob(offer), answer, sentBefore: true };
      this.#accept(job);
      this.#start(job);
      return;
    }
    this.#start(newJob(offer));
  }

  #jobOf(entry: Entry): Job {
    const job = { ...newJob(entry.offer), held: true, sentBefore: true };
    if (entry.state !== "answered") return job;
    return { ...job, answer: entry.answer, bytes: this.#options.journal.bytesOf(entry.offer.assignmentId) };
  }

  #start(job: Job): void {
    this.#jobs.set(job.offer.assignmentId, job);
    const running = this.#run(job).finally(() => {
      this.#running.delete(running);
      if (this.#jobs.get(job.offer.assignmentId) === job) this.#jobs.delete(job.offer.assignmentId);
    });
    this.#running.add(running);
  }

  async #run(job: Job): Promise<void> {
    try {
      while (job.answer === undefined || !(await this.#deliver(job))) {
        job.answer = undefined;
        job.bytes = undefined;
        const work = await this.#decide(job);
        if (work === undefined) return;
        await this.#work(job, work);
      }
    } catch (thrown) {
      if (job.abort.signal.aborted) return;
      await this.#fail(job, toComityError(thrown));
    }
  }

  /** Has the site's policy decide; the work when it may be done. */
  async #decide(job: Job): Promise<Work | undefined> {
    const { journal, policy, isPaused, findDataset } = this.#options;
    const work = parseValue(
      parseJson(job.offer.workJson, "WORK_UNSUPPORTED"),
      "work",
      workSchema,
      "WORK_UNSUPPORTED",
    );
    const dataset = await findDataset(work.dataset);
    if (job.abort.signal.aborted) return undefined;
    const { offer } = job;
    const facts = { round: offer.round, baseBytes: offer.base.sizeBytes };
    const decision = decide(facts, work, { ...policy, pause: isPaused() }, dataset);
    const line = { offer, dataset: dataset.name, rule: decision.rule };
    if (!decision.allow) {
      const reason = { code: decision.code, text: decision.reason, retryable: false };
      journal.decline(offer, { ...line, event: "refused", reason: decision.reason }, reason);
      this.#options.log.warn(
        { assignment: offer.assignmentId, rule: decision.rule },
        `refused by the site's policy: ${decision.reason}`,
      );
      this.#sendRefuse(offer, reason);
      return undefined;
    }
    // After a restart the promise is in the journal already.
    if (!job.held) {
      journal.accept(offer, { ...line, event: "allowed" });
      job.held = true;
      this.#accept(job);
    }
    return work;
  }

  async #work(job: Job, work: Work): Promise<void> {
    const { workshop, journal, log, hub } = this.#options;
    const { signal } = job.abort;
    const base = await this.#fetchBase(job);
    try {
      await this.#slots.run(signal, async () => {
        let toldMs = Number.NEGATIVE_INFINITY;
        const progress = (fraction: number, text: string): void => {
          const nowMs = performance.now();
          if (signal.aborted || nowMs - toldMs < progressEveryMs) return;
          toldMs = nowMs;
          hub.send({
            progress: { assignmentId: job.offer.assignmentId, attempt: job.offer.attempt, fraction, text },
          });
        };
        log.info({ assignment: job.offer.assignmentId, round: job.offer.round }, `${work.kind} begins`);
        const { answer, bytes } = await workshop.run(job.offer, work, base, signal, progress);
        signal.throwIfAborted();
        journal.answer(job.offer, answer, bytes, { event: "outgoing", offer: job.offer, answer });
        job.answer = answer;
        job.bytes = bytes;
      });
    } finally {
      base.release();
    }
  }

  async #fetchBase(job: Job) {
    const { signal } = job.abort;
    const { workshop, hub } = this.#options;
    for (let tries = 0; ; tries++) {
      try {
        return await workshop.fetchBase(job.offer, (offset) => this.#pull(job, offset));
      } catch (thrown) {
        signal.throwIfAborted();
        const damaged = thrown instanceof ComityError && thrown.code === "BLOB_DAMAGED";
        if (!isWorthTryingAgain(thrown) || (damaged && tries >= maxDamaged)) throw thrown;
        await sleep(fullJitterMs(tries, fetchAgain), signal);
        signal.throwIfAborted();
        await hub.link(signal);
      }
    }
  }

  async *#pull(job: Job, offset: number): AsyncGenerator<Uint8Array> {
    const link = await this.#options.hub.link(job.abort.signal);
    yield* download(link, job.offer.base, offset, job.abort.signal);
  }

  /** Sends the answer. False when its update is damaged here, so that the work must be done again. */
  async #deliver(job: Job): Promise<boolean> {
    const { journal, outbox, log } = this.#options;
    const cargo = (): Cargo => {
      if (job.answer === undefined) throw new ComityError("INTERNAL", "There is nothing to send.");
      return { offer: job.offer, answer: job.answer, bytes: job.bytes };
    };
    const trip: Trip = {
      cargo,
      isFirst: !job.sentBefore,
      isSending: false,
      isStopping: () => this.#stopping,
    };
    job.trip = trip;
    const outcome = await deliver(this.#options, trip, job.abort.signal);
    if (outcome.kind === "later") return true;
    job.sentBefore = true;
    if (outcome.kind === "damaged") {
      log.warn(
        { assignment: job.offer.assignmentId },
        "the update in the outbox is damaged; the work is done again",
      );
      journal.reopen(job.offer);
      return false;
    }
    const { offer } = outcome.cargo;
    if (outcome.kind === "receipt") {
      journal.done(offer, outcome.receipt);
      log.info({ assignment: offer.assignmentId, round: offer.round }, `${offer.kind} delivered`);
    } else {
      const { code, message, hint } = outcome.error;
      journal.end(offer, "refused", { code, text: message, retryable: false });
      log.warn({ assignment: offer.assignmentId, code, hint }, `the hub did not take the answer: ${message}`);
    }
    const { answer, bytes } = outcome.cargo;
    if (answer.update !== undefined && bytes === undefined) {
      // The file may go only when the journal says that it is not needed.
      journal.flush();
      await outbox.drop(offer.assignmentId);
    }
    return true;
  }

  async #fail(job: Job, error: ComityError): Promise<void> {
    const { journal, outbox, log } = this.#options;
    const { offer } = job;
    const assignment = offer.assignmentId;
    const refused = refusals.has(error.code);
    const reason = refused
      ? { code: error.code, text: error.message, retryable: false }
      : reasonForHub(error);
    if (refused) log.warn({ assignment, code: error.code, hint: error.hint }, `refused: ${error.message}`);
    else log.error({ assignment, err: error, hint: error.hint }, `the work failed: ${error.message}`);
    try {
      if (refused)
        journal.decline(offer, { event: "refused", offer, rule: error.code, reason: error.message }, reason);
      else journal.fail(offer, reason);
      await outbox.drop(assignment);
    } catch (err) {
      // The hub must hear of it all the same: a full disk is the likeliest reason to be here.
      log.error({ assignment, err }, "the journal cannot be written");
    }
    if (refused) this.#sendRefuse(offer, reason);
    else this.#sendFailed(offer, reason);
  }

  #drop(job: Job, reason: string): void {
    const { journal, outbox, log } = this.#options;
    const { offer } = job;
    job.abort.abort();
    this.#jobs.delete(offer.assignmentId);
    if (job.held) journal.end(offer, "cancelled", { code: "RUN_CANCELLED", text: reason, retryable: false });
    log.info({ assignment: offer.assignmentId }, `cancelled: ${reason}`);
    outbox
      .drop(offer.assignmentId)
      .catch((err: unknown) => log.warn({ err }, "a cancelled update cannot be removed"));
  }

  #accept({ offer: { assignmentId, attempt } }: Job): void {
    this.#options.hub.send({ accept: { assignmentId, attempt } });
  }

  #sendRefuse({ assignmentId, attempt }: Offer, { code, text }: Reason): void {
    this.#options.hub.send({ refuse: { assignmentId, attempt, code, reason: text } });
  }

  #sendFailed({ assignmentId, attempt }: Offer, { code, text, retryable }: Reason): void {
    this.#options.hub.send({ failed: { assignmentId, attempt, code, reason: text, retryable } });
  }
}

function newJob(offer: Offer): Job {
  return {
    offer,
    answer: undefined,
    bytes: undefined,
    trip: undefined,
    held: false,
    abort: new AbortController(),
    sentBefore: false,
  };
}
