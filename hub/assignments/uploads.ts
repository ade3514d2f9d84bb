import { createReadStream } from "node:fs";
import { UpdateChecker } from "#aggregation/tensors/checker.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import { type BlobStore, type StagedBlob, startHash } from "#hub/blobs/store.js";
import { deferred } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { AssignmentId, Sha256 } from "#kernel/ids.js";
import { asComityError, finalFaults } from "./answer.js";
import type { AnswerHeader, BlobRef } from "./model.js";

/** Reads the bytes of updates into the blob store's staging; one stream for each assignment at a time. */
export class Uploads {
  readonly #blobs: BlobStore;
  /** Streams that are being read; a newer one for the same assignment ends the older. */
  readonly #reading = new Map<AssignmentId, Turn>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** Bytes of an update that are stored already. */
  storedBytes(id: AssignmentId, sha256: Sha256): Promise<number> {
    return this.#blobs.stagedBytes(stagingKey(id, sha256));
  }

  /**
   * Reads an update from the header's offset on, checks it as it comes, and hands it to `finish` when it is whole and right.
   * What was sent well stays for a continuation when the stream breaks off.
   */
  async read<T>(
    header: AnswerHeader,
    update: BlobRef,
    expected: readonly TensorSpec[],
    chunks: AsyncIterable<Uint8Array>,
    finish: (staged: StagedBlob) => Promise<T>,
  ): Promise<T> {
    const turn = await this.#takeTurn(header.assignmentId);
    try {
      return await finish(await this.#readBytes(header, update, expected, untilStopped(chunks, turn.signal)));
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
    update: BlobRef,
    expected: readonly TensorSpec[],
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<StagedBlob> {
    const key = stagingKey(header.assignmentId, update.sha256);
    const staged = await this.#blobs.stage(key);
    try {
      const stored = await this.#blobs.stagedBytes(key);
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
      return staged;
    } catch (thrown) {
      const error = ComityError.from(thrown);
      // What was sent well stays for a continuation; what can never become right, or fills the disk, goes.
      if (finalFaults.has(error.code) || error.code === "UPLOAD_DIGEST_WRONG" || error.code === "DISK_FULL")
        await staged.discard();
      else await staged.close();
      throw error;
    }
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

const tooMany = (sizeBytes: number) =>
  new ComityError("UPLOAD_SIZE_WRONG", `More than the declared ${sizeBytes} bytes were sent.`, {
    hint: "Declare the exact size.",
  });

const stagingKey = (id: AssignmentId, sha256: Sha256): string => `${id}-${sha256.slice(0, 16)}`;
