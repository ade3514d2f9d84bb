import { createHash } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { failureOf, type ThreadFailure } from "./failure.js";
import { Ring } from "./ring.js";

/** A blob that has been written; its bytes are not synced yet: that is for whoever makes it count. */
export interface WrittenBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Writes a file from its beginning to its end, and takes its digest on the way. */
export interface BlobWriter {
  /** Does not keep the bytes. */
  write(bytes: Uint8Array): void;
  finish(): Promise<WrittenBlob>;
}

/** Writes and hashes in the calling thread. */
export class DirectWriter implements BlobWriter {
  readonly #file: number;
  readonly #hash = createHash("sha256");
  #sizeBytes = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w", 0o600);
  }

  write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done, bytes.length - done);
    this.#sizeBytes += bytes.length;
  }

  finish(): Promise<WrittenBlob> {
    closeSync(this.#file);
    return Promise.resolve({ sha256: this.#hash.digest("hex"), sizeBytes: this.#sizeBytes });
  }
}

/** What the writing thread is told, and what it answers. */
export interface WriterOrder {
  readonly path: string;
  readonly memory: SharedArrayBuffer;
}
export type WriterAnswer = { readonly blob: WrittenBlob } | { readonly failure: ThreadFailure };

let thread: Worker | undefined;

/** Writes and hashes in a thread of its own, while the caller makes the next bytes. One at a time. */
export class ThreadWriter implements BlobWriter {
  readonly #ring = new Ring();
  readonly #answer: Promise<WriterAnswer>;

  constructor(path: string) {
    thread ??= new Worker(new URL("./blob-writer-thread.js", import.meta.url));
    thread.unref();
    const writing = thread;
    this.#answer = once(writing, "message").then(([answer]) => answer as WriterAnswer);
    this.#answer.catch(() => undefined);
    writing.postMessage({ path, memory: this.#ring.memory } satisfies WriterOrder);
  }

  write(bytes: Uint8Array): void {
    // A writer that has given up says why in its answer.
    this.#ring.put(bytes);
  }

  async finish(): Promise<WrittenBlob> {
    this.#ring.end();
    const answer = await this.#answer;
    if ("blob" in answer) return answer.blob;
    throw failureOf(answer.failure);
  }
}
