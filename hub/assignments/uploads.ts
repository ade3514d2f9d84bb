import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { UpdateChecker } from "#aggregation/tensors/checker.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import { type BlobStore, type StagedBlob, startHash } from "#hub/blobs/store.js";
import { deferred } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { AssignmentId, Sha256 } from "#kernel/ids.js";
import { type BlobRef, isInline } from "#kernel/refs.js";
import { asComityError, finalFaults } from "./faults.js";
import type { AnswerHeader } from "./model.js";

/** An update that has come whole and right: few bytes as they are, others to be committed to their file. */
export type ReceivedUpdate = { readonly inline: Uint8Array } | Pick<StagedBlob, "commit">;

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
    finish: (received: ReceivedUpdate) => Promise<T>,
  ): Promise<T> {
    const turn = await this.#takeTurn(header.assignmentId);
    try {
      const iterator = chunks[Symbol.asyncIterator]();
      const next = () => turn.wait(iterator.next());
      const first = await next();
      const isWhole = header.offset === 0 && first.done !== true && first.value.length === update.sizeBytes;
      return await finish(
        isWhole
          ? await this.#takeWhole(update, expected, first.value, next)
          : await this.#settled(update, await this.#readBytes(header, update, expected, rest(first, next))),
      );
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

  /**
   * A small update comes in one chunk, and needs no file before it is checked: there is nothing to be gone on with. One of at most 64 KiB
   * never gets a file: it lies beside the row of its answer.
   */
  async #takeWhole(
    update: BlobRef,
    expected: readonly TensorSpec[],
    bytes: Uint8Array,
    next: () => Promise<IteratorResult<Uint8Array>>,
  ): Promise<ReceivedUpdate> {
    const checker = new UpdateChecker(expected, update.sizeBytes);
    asComityError(() => checker.push(bytes));
    if ((await next()).done !== true) throw tooMany(update.sizeBytes);
    if (hashBytes(bytes) !== update.sha256) throw wrongDigest(update.sha256);
    asComityError(() => checker.finish());
    return isInline(update) ? { inline: bytes } : { commit: (sha256) => this.#blobs.put(bytes, sha256) };
  }

  /** Few bytes that came in pieces need their file no longer. */
  async #settled(update: BlobRef, staged: StagedBlob): Promise<ReceivedUpdate> {
    if (!isInline(update)) return staged;
    const inline = await readFile(staged.path);
    await staged.discard();
    return { inline };
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
      if (hash.digest() !== update.sha256) throw wrongDigest(update.sha256);
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
  #interrupt: ((reason: ComityError) => void) | undefined;
  #stopped = false;
  readonly #over = deferred();

  /** Resolves when this upload has let go of the file. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** A newer upload wants the file. */
  stop(): void {
    this.#stopped = true;
    this.#interrupt?.(takenOver());
  }

  /**
   * What the promise gives, unless the turn is stopped meanwhile: the source may hang. Not `Promise.race` with one promise for the
   * whole upload: that promise would keep every chunk until its end.
   */
  wait<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      if (this.#stopped) reject(takenOver());
      promise.then(resolve, reject);
    });
  }

  end(): void {
    this.#over.resolve();
  }
}

/** The chunks from the first one on. */
async function* rest(
  first: IteratorResult<Uint8Array>,
  next: () => Promise<IteratorResult<Uint8Array>>,
): AsyncGenerator<Uint8Array> {
  for (let step = first; step.done !== true; step = await next()) yield step.value;
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

const takenOver = () =>
  new ComityError("HUB_UNREACHABLE", "A newer upload of the same answer has taken over.", {
    hint: "Wait for the newer one's receipt.",
  });

const wrongDigest = (sha256: Sha256) =>
  new ComityError("UPLOAD_DIGEST_WRONG", `The bytes that arrived do not have the digest ${sha256}.`, {
    hint: "Read the update again from disk and send it once more; if it stays so, check the site's disk.",
  });

const tooMany = (sizeBytes: number) =>
  new ComityError("UPLOAD_SIZE_WRONG", `More than the declared ${sizeBytes} bytes were sent.`, {
    hint: "Declare the exact size.",
  });

const stagingKey = (id: AssignmentId, sha256: Sha256): string => `${id}-${sha256.slice(0, 16)}`;
