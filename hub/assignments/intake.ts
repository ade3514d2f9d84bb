import type { Retention } from "#hub/blobs/retention.js";
import type { BlobStore } from "#hub/blobs/store.js";
import { deliverAssignment, findAssignment, insertLateAnswer } from "#hub/store/assignments.js";
import { recordBlob } from "#hub/store/blobs.js";
import type { Store } from "#hub/store/store.js";
import type { RunFeed } from "#hub/runs/feed.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { AssignmentId, Sha256, SiteId } from "#kernel/ids.js";
import { canonicalJson } from "#kernel/json.js";
import { checkHeader, finalFaults } from "./answer.js";
import { type AnswerHeader, type Assignment, isOpen, type Receipt } from "./model.js";
import type { Assignments, WorkDescriber } from "./service.js";
import { Uploads } from "./uploads.js";

interface Parts {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly retention: Retention;
  readonly feed: RunFeed;
  readonly assignments: Assignments;
  readonly work: WorkDescriber;
  readonly clock: Clock;
  /** The most rows that a site can have worked on for an assignment, by its own catalogue. */
  maxSamples(assignment: Assignment): Promise<number>;
}

/** Takes in the sites' answers: checked, durable, then counted; each once. */
export class AnswerIntake {
  readonly #parts: Parts;
  readonly #uploads: Uploads;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#uploads = new Uploads(parts.blobs);
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
      const expected = await this.#parts.work.expectedTensors(assignment);
      checkHeader(header, assignment, expected, await this.#parts.maxSamples(assignment));
      const { update } = header;
      if (update === undefined || expected === undefined)
        return await this.#record(assignment, header, answerSha256);
      return await this.#uploads.read(header, update, expected, chunks, (staged) =>
        this.#parts.retention.whileKept(update.sha256, async () => {
          await staged.commit(update.sha256);
          return this.#record(assignment, header, answerSha256);
        }),
      );
    } catch (thrown) {
      const error = ComityError.from(thrown);
      if (finalFaults.has(error.code)) {
        await this.#parts.store.write((tx) =>
          this.#parts.assignments.giveUp(
            tx,
            assignment,
            "failed",
            error.code,
            `${site}'s answer was refused: ${error.message}`,
          ),
        );
      }
      throw error;
    }
  }

  async #record(assignment: Assignment, header: AnswerHeader, answerSha256: Sha256): Promise<Receipt> {
    const nowMs = this.#parts.clock.nowMs();
    const { runId, round, site, kind } = assignment;
    const delivered = await this.#parts.store.write(async (tx) => {
      if (header.update !== undefined) await recordBlob(tx.db, header.update, nowMs);
      if (!(await deliverAssignment(tx.db, header, answerSha256, nowMs))) return false;
      const text =
        kind === "train"
          ? `${site} has delivered its update from ${header.samples} rows.`
          : `${site} has evaluated on ${header.samples} rows.`;
      const data = {
        kind,
        samples: header.samples,
        metrics: header.metrics,
        bytes: header.update?.sizeBytes ?? 0,
      };
      this.#parts.feed.append(tx, { runId, type: "assignment.delivered", round, site, text, data });
      return true;
    });
    if (delivered) return receiptOf(header, nowMs);
    const now = await this.#find(site, header.assignmentId);
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

/** Tells a repetition from another answer. Metrics go in as text: they may be no numbers, which JSON does not have. */
function digestOf({ metrics, update, ...header }: AnswerHeader): Sha256 {
  const texts = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, String(value)]));
  return hashBytes(
    canonicalJson({ ...header, offset: 0, attempt: 0, metrics: texts, update: update ?? null }),
  );
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
