import { createReadStream } from "node:fs";
import { UpdateChecker } from "#aggregation/tensors/checker.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import { type BlobStore, startHash } from "#hub/blobs/store.js";
import { deliverAssignment, findAssignment, insertLateAnswer } from "#hub/store/assignments.js";
import { recordBlob } from "#hub/store/blobs.js";
import type { Store } from "#hub/store/store.js";
import type { RunJournal } from "#hub/workflow/journal.js";
import { deferred } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { AssignmentId, Sha256, SiteId } from "#kernel/ids.js";
import { canonicalJson } from "#kernel/json.js";
import { asComityError, checkHeader } from "./answer.js";
import { type AnswerHeader, type Assignment, isOpen, type Receipt } from "./model.js";
import type { Assignments, WorkDescriber } from "./service.js";

interface Parts {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly journal: RunJournal;
  readonly assignments: Assignments;
  readonly work: WorkDescriber;
  readonly clock: Clock;
  /** The most rows that a site can have worked on for an assignment, by its own catalogue. */
  maxSamples(assignment: Assignment): Promise<number>;
}

/** Faults of an answer that the same site would repeat: its assignment ends as failed. */
const finalFaults: ReadonlySet<string> = new Set([
  "UPDATE_MALFORMED",
  "UPDATE_SCHEMA_WRONG",
  "UPDATE_NOT_FINITE",
  "UPDATE_BASE_WRONG",
  "UPDATE_SAMPLES_WRONG",
  "UPLOAD_SIZE_WRONG",
]);

/** Takes in the sites' answers: checked, durable, then counted; each once. */
export class AnswerIntake {
  readonly #parts: Parts;
  /** Streams that are being read; a newer one for the same assignment ends the older. */
  readonly #reading = new Map<AssignmentId, Turn>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Bytes of an update that are stored already. */
  async storedBytes(site: SiteId, id: AssignmentId, sha256: Sha256): Promise<number> {
    const assignment = await this.#find(site, id);
    return isOpen(assignment.state) ? this.#parts.blobs.stagedBytes(stagingKey(id, sha256)) : 0;
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
      if (header.update !== undefined && expected !== undefined)
        await this.#readUpdate(header, header.update, expected, chunks);
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
    return this.#record(assignment, header, answerSha256);
  }

  async #readUpdate(
    header: AnswerHeader,
    update: { sha256: Sha256; sizeBytes: number },
    expected: readonly TensorSpec[],
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const turn = await this.#takeTurn(header.assignmentId);
    try {
      await this.#readBytes(header, update, expected, untilStopped(chunks, turn.signal));
    } finally {
      turn.end();
      if (this.#reading.get(header.assignmentId) === turn) this.#reading.delete(header.assignmentId);
    }
  }

  /** Stops an older upload of the same answer and waits until it has let go of the staged file: two must never write to it. */
  async #takeTurn(id: AssignmentId): Promise<Turn> {
    const older = this.#reading.get(id);
    const turn = new Turn();
    this.#reading.set(id, turn);
    older?.stop();
    await older?.over;
    return turn;
  }

  async #readBytes(
    header: AnswerHeader,
    update: { sha256: Sha256; sizeBytes: number },
    expected: readonly TensorSpec[],
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const key = stagingKey(header.assignmentId, update.sha256);
    const staged = await this.#parts.blobs.stage(key);
    try {
      const stored = await this.#parts.blobs.stagedBytes(key);
      if (stored !== header.offset) {
        throw new ComityError(
          "UPLOAD_OFFSET_WRONG",
          `The upload begins at byte ${header.offset}, but ${stored} bytes are stored.`,
          {
            hint: "Ask StatBlob and go on from there.",
          },
        );
      }
      const hash = startHash();
      const checker = new UpdateChecker(expected, update.sizeBytes);
      const take = (chunk: Uint8Array) => {
        asComityError(() => checker.push(chunk));
        hash.update(chunk);
      };
      if (stored > 0) await readStored(staged.path, take);
      let bytes = stored;
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (bytes > update.sizeBytes) throw tooMany(update.sizeBytes);
        take(chunk);
        await staged.write(chunk);
      }
      if (bytes < update.sizeBytes) {
        throw new ComityError(
          "UPLOAD_OFFSET_WRONG",
          `The upload ended after ${bytes} of ${update.sizeBytes} bytes.`,
          {
            hint: "Ask StatBlob and go on from there.",
          },
        );
      }
      if (hash.digest() !== update.sha256) {
        throw new ComityError(
          "UPLOAD_DIGEST_WRONG",
          `The bytes that arrived do not have the digest ${update.sha256}.`,
          {
            hint: "Read the update again from disk and send it once more; if it stays so, check the site's disk.",
          },
        );
      }
      asComityError(() => checker.finish());
      await staged.commit(update.sha256);
    } catch (thrown) {
      const error = ComityError.from(thrown);
      // What was sent well stays for a continuation; what can never become right, or fills the disk, goes.
      if (finalFaults.has(error.code) || error.code === "UPLOAD_DIGEST_WRONG" || error.code === "DISK_FULL")
        await staged.discard();
      else await staged.close();
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
      await this.#parts.journal.append(tx, { runId, type: "assignment.delivered", round, site, text, data });
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

/** One upload's time with the staged file of its answer. */
class Turn {
  readonly #stopping = new AbortController();
  readonly #over = deferred();

  /** Fires when a newer upload wants the file. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Resolves when this upload has let go of it. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  stop(): void {
    this.#stopping.abort();
  }

  end(): void {
    this.#over.resolve();
  }
}

/** What a source yields until the signal fires, also when the source itself hangs. */
async function* untilStopped<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  for (;;) {
    const step = await unlessStopped(iterator.next(), signal);
    if (step.done === true) return;
    yield step.value;
  }
}

/** Not `Promise.race` with one promise for the whole upload: that promise would keep every chunk until its end. */
function unlessStopped<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () =>
      reject(
        new ComityError("HUB_UNREACHABLE", "A newer upload of the same answer has taken over.", {
          hint: "Wait for the newer one's receipt.",
        }),
      );
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    const done = () => signal.removeEventListener("abort", stop);
    promise.then(resolve, reject).finally(done);
  });
}

/** Takes what is stored. It was checked before it was written, so a fault is the hub's disk's, not the site's. */
async function readStored(path: string, take: (chunk: Uint8Array) => void): Promise<void> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    try {
      take(chunk as Uint8Array);
    } catch (cause) {
      throw new ComityError(
        "UPLOAD_DIGEST_WRONG",
        "The part of the upload that the hub had stored is damaged.",
        {
          hint: "Send the update again from its beginning.",
          cause,
        },
      );
    }
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

const tooMany = (sizeBytes: number) =>
  new ComityError("UPLOAD_SIZE_WRONG", `More than the declared ${sizeBytes} bytes were sent.`, {
    hint: "Declare the exact size.",
  });

const stagingKey = (id: AssignmentId, sha256: Sha256): string => `${id}-${sha256.slice(0, 16)}`;
