import { parseValue } from "#kernel/config.js";
import type { AssignmentId } from "#kernel/ids.js";
import type { Held } from "#proto/generated/comity/v1/Held.js";
import type { Offer__Output } from "#proto/generated/comity/v1/Offer.js";
import type { Kind } from "#proto/work/kind.js";
import { Course, type CourseParts } from "./course.js";
import { type Job, newJob } from "./job.js";
import { type Answer, type Entry, isSameWork, type Offer, offerSchema } from "./model.js";
import { Replies } from "./replies.js";
import { toComityError } from "./verdict.js";
import { onlyOnce } from "./work.js";

type ExecutorOptions = Omit<CourseParts, "replies" | "isStopping">;

/** The answer to an offer of other work under a name whose work may have only one answer. */
const otherWork = {
  code: "MESSAGE_INVALID",
  text: "The hub has offered other work under this assignment, which may have only one answer.",
} as const;

/** Takes offers, has them decided, worked on and answered. Each is in the journal before the hub hears of it. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #jobs = new Map<AssignmentId, Job>();
  readonly #running = new Set<Promise<void>>();
  readonly #replies: Replies;
  readonly #course: Course;
  #stopping = false;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#replies = new Replies(options.hub);
    this.#course = new Course({
      ...options,
      replies: this.#replies,
      isStopping: () => this.#stopping,
    });
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
    if (entry === undefined) this.#start(newJob(offer));
    else if (entry.offer.attempt <= offer.attempt) this.#offeredAfterEnd(entry, offer);
  }

  /** The hub does not want an assignment any more. */
  cancel(id: string, reason: string): void {
    for (const job of this.#jobs.values()) if (job.offer.assignmentId === id) this.#drop(job, reason);
  }

  /** Stops the work, gives what is being sent up to `graceMs`, and waits until nothing runs. The journal keeps what is open. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const job of this.#jobs.values()) if (job.delivery?.isSending !== true) job.abort.abort();
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
      this.#replies.refuse(message, { code: "MESSAGE_INVALID", text: error.message });
      return undefined;
    }
  }

  /** The same assignment has come again while it is under way. */
  #offeredAgain(job: Job, offer: Offer): void {
    if (offer.attempt < job.offer.attempt) return;
    if (!isSameWork(offer, job.offer)) {
      if (this.#kindOf(offer)?.answer.once === true) {
        this.#replies.refuse(offer, otherWork);
        return;
      }
      this.#drop(job, "the hub offered other work under the same name");
      this.#start(newJob(offer));
      return;
    }
    if (offer.attempt > job.offer.attempt) {
      job.offer = offer;
      if (job.held) this.#options.journal.renew(offer);
    }
    if (job.held) this.#accept(job.offer);
  }

  /** The same assignment has come again after its end, perhaps to be tried anew. */
  #offeredAfterEnd(entry: Entry, offer: Offer): void {
    const once = this.#kindOf(offer)?.answer.once === true;
    if (once && entry.answer !== undefined) {
      if (!isSameWork(offer, entry.offer)) this.#replies.refuse(offer, otherWork);
      else this.#sendStored(entry, entry.answer, offer);
    } else if (entry.offer.attempt < offer.attempt) this.#start(newJob(offer));
    else this.#replay(entry, offer);
  }

  /** Sends an answer again whose work may not be done again. */
  #sendStored(entry: Entry, answer: Answer, offer: Offer): void {
    const { journal } = this.#options;
    const bytes = journal.bytesOf(offer.assignmentId);
    if (answer.update !== undefined && bytes === undefined) {
      const { message } = onlyOnce();
      this.#replies.failed(offer, { code: "WORK_FAILED", text: message, retryable: false });
      return;
    }
    if (entry.offer.attempt < offer.attempt) journal.renew(offer);
    this.#accept(offer);
    this.#start({ ...newJob(offer), answer, bytes, sentBefore: true });
  }

  /** The same assignment has come again after its end: the hub gets the same answer. */
  #replay(entry: Entry, offer: Offer): void {
    const { reason, answer, state } = entry;
    if (state === "declined" && reason !== undefined) {
      this.#replies.refuse(offer, reason);
      return;
    }
    if ((state === "failed" || state === "refused") && reason !== undefined) {
      this.#replies.failed(offer, reason);
      return;
    }
    // The bytes of a delivered update are gone: the same work with the same seed gives the same bytes again.
    if (state === "done" && answer !== undefined && answer.update === undefined) {
      this.#accept(offer);
      this.#start({ ...newJob(offer), answer, sentBefore: true });
      return;
    }
    this.#start(newJob(offer));
  }

  /** The declaration of an offer's work; undefined for a kind that this agent does not do. */
  #kindOf({ kind }: Offer): Kind | undefined {
    return this.#options.steps.find((step) => step.kind.name === kind)?.kind;
  }

  /** Brief work has an answer and no promise of one. */
  #accept(offer: Offer): void {
    if (this.#kindOf(offer)?.brief !== true) this.#replies.accept(offer);
  }

  #jobOf(entry: Entry): Job {
    const job = { ...newJob(entry.offer), held: true, sentBefore: true };
    if (entry.state !== "answered") return job;
    return { ...job, answer: entry.answer, bytes: this.#options.journal.bytesOf(entry.offer.assignmentId) };
  }

  #start(job: Job): void {
    this.#jobs.set(job.offer.assignmentId, job);
    const running = this.#course.run(job).finally(() => {
      this.#running.delete(running);
      if (this.#jobs.get(job.offer.assignmentId) === job) this.#jobs.delete(job.offer.assignmentId);
    });
    this.#running.add(running);
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
}
