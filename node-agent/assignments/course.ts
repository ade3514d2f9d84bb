import { ComityError, type ErrorCode } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { Log } from "#kernel/log.js";
import type { DatasetSelector } from "#proto/codec/work.js";
import { type DatasetFacts, decide } from "../policy/decide.js";
import type { Policy } from "../policy/rules.js";
import type { Step } from "../steps/step.js";
import type { BlobCache } from "./cache.js";
import { type Delivery, deliver, type OutgoingAnswer } from "./delivery.js";
import type { HubPort } from "./hub.js";
import { Inputs } from "./inputs.js";
import type { Job } from "./job.js";
import type { Journal } from "./journal.js";
import type { LogLine } from "./model.js";
import type { Outbox } from "./outbox.js";
import type { Replies } from "./replies.js";
import { Slots } from "./slots.js";
import type { StateRow } from "./state-rows.js";
import type { SiteStates } from "./states.js";
import { reasonForHub, toComityError } from "./verdict.js";
import { findStep, keepsState, onlyOnce, readWork, type Work } from "./work.js";
import type { Done, Workshop } from "./workshop.js";

/** Codes by which the site declines, rather than fails. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "POLICY_REFUSED",
  "DATASET_MISSING",
  "COLUMN_UNFIT",
  "WORK_UNSUPPORTED",
  "MESSAGE_INVALID",
  "STATE_LOST",
]);

/** A dataset that a work reads. */
export interface FoundDataset extends DatasetFacts {
  /** Opaque; another text when its rows may have changed. */
  version(): Promise<string>;
}

/** Work that the site's policy has allowed. */
interface AllowedWork extends Work {
  readonly dataset: FoundDataset | undefined;
  /** What it goes on from. */
  readonly state: StateRow | undefined;
}

/** What the course of a job needs from the agent. */
export interface CourseParts {
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly cache: BlobCache;
  /** One for each kind of work that the agent does. */
  readonly steps: readonly Step[];
  readonly workshop: Workshop;
  readonly states: SiteStates;
  readonly hub: HubPort;
  readonly replies: Replies;
  readonly policy: Policy;
  readonly isPaused: () => boolean;
  /** The one dataset that a selector means, with its real row counts. Throws `DATASET_MISSING` or `DATA_INVALID`. */
  readonly findDataset: (selector: DatasetSelector) => Promise<FoundDataset>;
  /** How many assignments are worked on at once. */
  readonly concurrency: number;
  readonly log: Log;
  /** The agent stops: what cannot be sent now is sent after its next start. */
  readonly isStopping: () => boolean;
}

/**
 * The course of a job: the site's policy decides, the work is done, the answer is delivered. Each step is in the journal before the
 * hub hears of it.
 */
export class Course {
  readonly #parts: CourseParts;
  readonly #slots: Slots;
  /** Brief work does not wait for long work. */
  readonly #briefSlots: Slots;

  constructor(parts: CourseParts) {
    this.#parts = parts;
    this.#slots = new Slots(parts.concurrency);
    this.#briefSlots = new Slots(parts.concurrency);
  }

  /** Resolves when the job has its receipt, has ended without one, or was aborted. */
  async run(job: Job): Promise<void> {
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
  async #decide(job: Job): Promise<AllowedWork | undefined> {
    const { journal, policy, isPaused, steps, findDataset } = this.#parts;
    const { offer } = job;
    const work = readWork(steps, offer);
    const selector = work.step.kind.facts(work.body).dataset;
    const dataset = selector && (await findDataset(selector));
    if (job.abort.signal.aborted) return undefined;
    const decision = decide(offer, work, { ...policy, pause: isPaused() }, dataset);
    const line = { offer, rule: decision.rule, ...(dataset !== undefined && { dataset: dataset.name }) };
    if (!decision.allow) {
      const reason = { code: decision.code, text: decision.reason, retryable: false };
      journal.decline(offer, { ...line, event: "refused", reason: decision.reason }, reason);
      this.#parts.log.warn(
        { assignment: offer.assignmentId, rule: decision.rule },
        `refused by the site's policy: ${decision.reason}`,
      );
      this.#parts.replies.refuse(offer, reason);
      return undefined;
    }
    const state = keepsState(work) ? await this.#parts.states.find(offer) : undefined;
    job.abort.signal.throwIfAborted();
    const allowed: LogLine = { ...line, event: "allowed" };
    if (work.step.kind.brief === true) job.decision = allowed;
    // After a restart the promise is in the journal already.
    else if (!job.held) {
      journal.accept(offer, allowed);
      job.held = true;
      this.#parts.replies.accept(job.offer);
    }
    return { ...work, dataset, state };
  }

  async #work(job: Job, work: AllowedWork): Promise<void> {
    const { journal, log } = this.#parts;
    const { signal } = job.abort;
    const { kind } = work.step;
    const inputs = new Inputs(this.#parts, job.offer, signal);
    try {
      await inputs.fetchFirst(kind);
      const slots = kind.brief === true ? this.#briefSlots : this.#slots;
      await slots.run(signal, async () => {
        log.info({ assignment: job.offer.assignmentId, round: job.offer.round }, `${kind.name} begins`);
        const { answer, bytes, state } = await this.#run(job, work, inputs);
        signal.throwIfAborted();
        const outgoing: LogLine = { event: "outgoing", offer: job.offer, answer };
        const lines = [...(job.decision ? [job.decision] : []), outgoing];
        const gone = journal.answer(job.offer, answer, bytes, lines, state);
        job.decision = undefined;
        job.held = true;
        job.answer = answer;
        job.bytes = bytes;
        await this.#parts.states.remove(gone);
      });
    } finally {
      inputs.release();
    }
  }

  /** Does the work; its answer names the version of the rows that it has read. */
  async #run(job: Job, work: AllowedWork, inputs: Inputs): Promise<Done> {
    const { workshop, replies } = this.#parts;
    const progress = work.step.kind.brief === true ? () => undefined : replies.progressOf(job);
    const before = await work.dataset?.version();
    const done = await workshop.run(job.offer, work, inputs, work.state, job.abort.signal, progress);
    if (work.dataset === undefined || before === undefined) return done;
    const after = await work.dataset.version().catch(() => "gone");
    // Rows that have changed meanwhile have neither the one version nor the other.
    const dataVersion = before === after ? after : hashBytes(before + after);
    return { ...done, answer: { ...done.answer, dataVersion } };
  }

  /** Sends the answer. False when its update is damaged here, so that the work must be done again. */
  async #deliver(job: Job): Promise<boolean> {
    const { journal, outbox, log, steps, isStopping } = this.#parts;
    const outgoing = (): OutgoingAnswer => {
      if (job.answer === undefined) throw new ComityError("INTERNAL", "There is nothing to send.");
      return { offer: job.offer, answer: job.answer, bytes: job.bytes };
    };
    const delivery: Delivery = { outgoing, isFirst: !job.sentBefore, isSending: false, isStopping };
    job.delivery = delivery;
    const outcome = await deliver(this.#parts, delivery, job.abort.signal);
    if (outcome.kind === "later") return true;
    job.sentBefore = true;
    if (outcome.kind === "damaged") {
      if (findStep(steps, job.offer.kind).kind.answer.once === true) throw onlyOnce();
      log.warn(
        { assignment: job.offer.assignmentId },
        "the update in the outbox is damaged; the work is done again",
      );
      journal.reopen(job.offer);
      return false;
    }
    const { offer } = outcome.outgoing;
    if (outcome.kind === "receipt") {
      journal.done(offer, outcome.receipt);
      log.info({ assignment: offer.assignmentId, round: offer.round }, `${offer.kind} delivered`);
    } else {
      const { code, message, hint } = outcome.error;
      journal.end(offer, "refused", { code, text: message, retryable: false });
      log.warn({ assignment: offer.assignmentId, code, hint }, `the hub did not take the answer: ${message}`);
    }
    const { answer, bytes } = outcome.outgoing;
    if (answer.update !== undefined && bytes === undefined) {
      // The file may go only when the journal says that it is not needed.
      journal.flush();
      await outbox.drop(offer.assignmentId);
    }
    return true;
  }

  async #fail(job: Job, error: ComityError): Promise<void> {
    const { journal, outbox, log } = this.#parts;
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
        journal.decline(
          offer,
          { event: "refused", offer, rule: error.code, reason: error.message },
          reason,
          job.decision,
        );
      else journal.fail(offer, reason, job.decision);
      await outbox.drop(assignment);
    } catch (err) {
      // The hub must hear of it all the same: a full disk is the likeliest reason to be here.
      log.error({ assignment, err }, "the journal cannot be written");
    }
    if (refused) this.#parts.replies.refuse(offer, reason);
    else this.#parts.replies.failed(offer, reason);
  }
}
