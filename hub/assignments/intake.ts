import type { Retention } from "#hub/blobs/retention.js";
import type { BlobStore } from "#hub/blobs/store.js";
import type { RunFeed } from "#hub/runs/feed.js";
import type { Sites } from "#hub/sites/service.js";
import { insertLateAnswer } from "#hub/store/answers.js";
import { findAssignment } from "#hub/store/assignments.js";
import type { Store } from "#hub/store/store.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { AssignmentId, Sha256, SiteId } from "#kernel/ids.js";
import { canonicalJson } from "#kernel/json.js";
import { checkHeader } from "./answer.js";
import { AnswerWriter } from "./answer-writer.js";
import { finalFaults } from "./faults.js";
import { type AnswerHeader, type Assignment, isOpen, type Receipt } from "./model.js";
import type { CallNews } from "./news.js";
import type { Assignments } from "./service.js";
import type { ShapedStage, Shapes } from "./shapes.js";
import { type ReceivedUpdate, Uploads } from "./uploads.js";

interface Parts {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly retention: Retention;
  readonly feed: RunFeed;
  readonly assignments: Assignments;
  readonly shapes: Shapes;
  readonly news: CallNews;
  /** The most rows that a site can have worked on, by its own catalogue. */
  readonly sites: Pick<Sites, "maxRows">;
  readonly clock: Clock;
}

/** Takes in the sites' answers: checked by the declaration of their work, durable, then counted; each once. */
export class AnswerIntake {
  readonly #parts: Parts;
  readonly #uploads: Uploads;
  readonly #writer: AnswerWriter;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#uploads = new Uploads(parts.blobs);
    this.#writer = new AnswerWriter(parts);
  }

  /** Bytes of an update that are stored already. */
  async storedBytes(site: SiteId, id: AssignmentId, sha256: Sha256): Promise<number> {
    const assignment = await this.#find(site, id);
    return isOpen(assignment.state) ? this.#uploads.storedBytes(id, sha256) : 0;
  }

  /**
   * Reads one answer. The receipt means: synced and committed. A repetition gives the stored receipt; an answer whose attempt is
   * over is kept as late and refused with `ASSIGNMENT_LATE`.
   */
  async receive(site: SiteId, header: AnswerHeader, chunks: AsyncIterable<Uint8Array>): Promise<Receipt> {
    const assignment = await this.#find(site, header.assignmentId);
    const answerSha256 = digestOf(header);
    if (assignment.state === "delivered") return repeat(assignment, header, answerSha256);
    if (header.attempt > assignment.attempt) {
      throw new ComityError("ARGUMENT_INVALID", `Attempt ${header.attempt} has not been offered yet.`, {
        hint: `The newest attempt of this assignment is ${assignment.attempt}.`,
      });
    }
    if (!isOpen(assignment.state) || header.attempt !== assignment.attempt)
      return this.#late(assignment, header);
    try {
      const shaped = await this.#parts.shapes.get(assignment);
      checkHeader(header, assignment, shaped, await this.#maxSamples(site, shaped));
      const record = (received?: ReceivedUpdate) =>
        this.#record(assignment, shaped, header, answerSha256, received);
      const { update } = header;
      const { tensors } = shaped.shape;
      if (update === undefined || tensors === undefined) return await record();
      return await this.#uploads.read(header, update, tensors, chunks, (received) =>
        "inline" in received
          ? record(received)
          : this.#commitFile(assignment, header, update.sha256, received, () => record(received)),
      );
    } catch (thrown) {
      const error = ComityError.from(thrown);
      if (finalFaults.has(error.code)) await this.#refuse(assignment, error);
      throw error;
    }
  }

  async #commitFile(
    assignment: Assignment,
    header: AnswerHeader,
    sha256: Sha256,
    received: Exclude<ReceivedUpdate, { inline: Uint8Array }>,
    record: () => Promise<Receipt>,
  ): Promise<Receipt> {
    try {
      return await this.#parts.retention.whileKept([sha256], async () => {
        await received.commit(sha256);
        return record();
      });
    } catch (error) {
      if (error instanceof ComityError) throw error;
      // What was staged goes with its round, also in this very moment.
      const now = await this.#find(assignment.site, assignment.id);
      if (isOpen(now.state) || now.state === "delivered") throw error;
      return this.#late(now, header);
    }
  }

  /** The site would only repeat it: its assignment is over. */
  async #refuse(assignment: Assignment, error: ComityError): Promise<void> {
    const { store, feed, assignments } = this.#parts;
    const { runId, round, site, kind } = assignment;
    const text = `${site}'s answer was refused: ${error.message}`;
    await store.write(async (tx) => {
      feed.append(tx, { runId, type: "update.refused", round, site, text, data: { kind, code: error.code } });
      await assignments.giveUp(tx, assignment, "failed", error.code, text);
    });
  }

  /** The rows that the work can have stood on, by the site's catalogue. */
  async #maxSamples(site: SiteId, { kind, body }: ShapedStage): Promise<number> {
    const { dataset, rows } = kind.facts(body);
    if (dataset === undefined || kind.answer.weight === "none") return Number.MAX_SAFE_INTEGER;
    return this.#parts.sites.maxRows(site, dataset, rows);
  }

  async #record(
    assignment: Assignment,
    shaped: ShapedStage,
    header: AnswerHeader,
    answerSha256: Sha256,
    received: ReceivedUpdate | undefined,
  ): Promise<Receipt> {
    const nowMs = this.#parts.clock.nowMs();
    const answer = { assignment, shaped, header, answerSha256, received, nowMs };
    if (await this.#writer.add(answer)) return receiptOf(header, nowMs);
    if (header.update !== undefined) this.#parts.retention.forsake([header.update.sha256]);
    const now = await this.#find(assignment.site, header.assignmentId);
    return now.state === "delivered" ? repeat(now, header, answerSha256) : this.#late(now, header);
  }

  async #late(assignment: Assignment, header: AnswerHeader): Promise<never> {
    await this.#parts.store.write((tx) =>
      insertLateAnswer(tx.db, assignment.site, header, this.#parts.clock.nowMs()),
    );
    throw new ComityError(
      "ASSIGNMENT_LATE",
      `The answer for attempt ${header.attempt} of round ${assignment.round} came too late: ${overBecause(assignment)}`,
      {
        hint: "It is noted as late and does not count; nothing needs to be done.",
      },
    );
  }

  async #find(site: SiteId, id: AssignmentId): Promise<Assignment> {
    const assignment = await findAssignment(this.#parts.store.db, id);
    if (assignment?.site === site) return assignment;
    throw new ComityError("ASSIGNMENT_NOT_FOUND", "There is no such assignment for this site.", {
      hint: "Answer only what was offered.",
    });
  }
}

/**
 * Tells a repetition from another answer. Metrics go in as text: they may be no numbers, which JSON does not have. What the first release
 * did not know is left out where there is none: an answer that was taken then is known by the same digest.
 */
function digestOf(header: AnswerHeader): Sha256 {
  const { opId, assignmentId, baseSha256, samples, tensors } = header;
  const { metrics, update, value, stateFrom, behind, dataVersion } = header;
  const texts = Object.fromEntries(Object.entries(metrics).map(([name, number]) => [name, String(number)]));
  const more = {
    ...(value !== undefined && { value }),
    ...(stateFrom !== "" && { stateFrom }),
    ...(behind !== 1 && { behind }),
    ...(dataVersion !== "" && { dataVersion }),
  };
  const known = { opId, assignmentId, baseSha256, samples, tensors, metrics: texts, update: update ?? null };
  // Where the bytes go on and which attempt it is makes no other answer.
  return hashBytes(canonicalJson({ ...known, offset: 0, attempt: 0, ...more }));
}

/** The stored answer for the same question asked again. */
function repeat(assignment: Assignment, header: AnswerHeader, answerSha256: Sha256): Receipt {
  if (
    assignment.opId === header.opId &&
    assignment.answerSha256 === answerSha256 &&
    assignment.deliveredAtMs !== undefined
  ) {
    return receiptOf({ ...header, attempt: assignment.attempt }, assignment.deliveredAtMs);
  }
  throw new ComityError("OP_ID_REUSED", "The assignment has been answered already, with another content.", {
    hint: "One assignment has one answer; repeat it unchanged or not at all.",
  });
}

function receiptOf(header: AnswerHeader, acceptedAtMs: number): Receipt {
  const { opId, assignmentId, attempt, samples } = header;
  return { opId, assignmentId, attempt, samples, sha256: header.update?.sha256 ?? "", acceptedAtMs };
}

function overBecause(assignment: Assignment): string {
  return isOpen(assignment.state)
    ? `attempt ${assignment.attempt} has been offered since.`
    : (assignment.reason ?? `it is ${assignment.state}.`);
}
