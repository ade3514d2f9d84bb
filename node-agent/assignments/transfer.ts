import { createReadStream } from "node:fs";
import { deferred } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { AssignmentId, Sha256 } from "#kernel/ids.js";
import type { Receipt__Output } from "#proto/generated/comity/v1/Receipt.js";
import type { UploadHeader } from "#proto/generated/comity/v1/UploadHeader.js";
import { fromServiceError } from "#proto/rpc/errors.js";
import { wire } from "#proto/rpc/limits.js";
import type { HubLink } from "./hub.js";

/** Deadline of a call without bytes. */
const callMs = 30_000;
/** A transfer that is slower than this on average is given up and begun again from where it stopped. */
const slowestBytesPerSecond = 16 * 1024;

const deadline = (bytes: number): number => Date.now() + callMs + (bytes / slowestBytesPerSecond) * 1000;

/** A blob's bytes from an offset on. Throws a ComityError when the stream breaks off, or when the signal fires. */
export async function* download(
  hub: HubLink,
  blob: { sha256: Sha256; sizeBytes: number },
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const call = hub.agent.download(
    { sha256: blob.sha256, offset },
    { deadline: deadline(blob.sizeBytes - offset) },
  );
  // A call that is cancelled after its reader has gone still raises its error.
  call.on("error", () => undefined);
  const release = onAbort([signal, hub.lost], () => call.cancel());
  try {
    for await (const chunk of call as AsyncIterable<{ data: Buffer }>) yield chunk.data;
  } catch (error) {
    throw fromServiceError(error, hub.address);
  } finally {
    release();
    call.cancel();
  }
}

/** What an upload sends. */
export interface Shipment {
  readonly header: UploadHeader;
  /** The file of the update and its size; not there for an answer without bytes. */
  readonly file?: { readonly path: string; readonly sizeBytes: number };
  /** Where in the file to begin. */
  readonly offset: number;
  /** Asked before each chunk: whether bytes may still leave the site. */
  readonly mayLeave: () => boolean;
}

/** Sends one answer and waits for its receipt. Throws a ComityError: the hub's own where it spoke. */
export async function upload(
  hub: HubLink,
  shipment: Shipment,
  signal: AbortSignal,
): Promise<Receipt__Output> {
  const { header, file, offset } = shipment;
  const reply = deferred<Receipt__Output>();
  reply.promise.catch(() => undefined);
  let open = true;
  const call = hub.agent.upload({ deadline: deadline((file?.sizeBytes ?? 0) - offset) }, (error, receipt) => {
    open = false;
    if (error !== null) reply.reject(fromServiceError(error, hub.address));
    else if (receipt === undefined) reply.reject(new ComityError("INTERNAL", "The hub sent no receipt."));
    else reply.resolve(receipt);
  });
  // The callback tells of errors; a stream without a listener would end the process.
  call.on("error", () => undefined);
  const release = onAbort([signal, hub.lost], () => call.cancel());
  const isOpen = (): boolean => open;
  try {
    call.write({ header: { ...header, offset } });
    if (file !== undefined && offset < file.sizeBytes) {
      const bytes = createReadStream(file.path, { start: offset, highWaterMark: wire.chunkBytes });
      for await (const chunk of bytes as AsyncIterable<Buffer>) {
        if (!isOpen()) break;
        if (!shipment.mayLeave()) {
          throw new ComityError(
            "POLICY_REFUSED",
            "The site has paused its agent while the update was on its way.",
          );
        }
        if (!call.write({ chunk }) && isOpen()) await drained(call, reply.promise);
      }
    }
    call.end();
    return await reply.promise;
  } finally {
    release();
    if (isOpen()) call.cancel();
  }
}

/** Bytes of an assignment's update that the hub has already. */
export async function storedOffset(
  hub: HubLink,
  assignmentId: AssignmentId,
  attempt: number,
  sha256: Sha256,
): Promise<number> {
  const reply = deferred<number>();
  hub.agent.statBlob({ assignmentId, attempt, sha256 }, { deadline: Date.now() + callMs }, (error, value) => {
    if (error !== null) reply.reject(fromServiceError(error, hub.address));
    else reply.resolve(value?.offset ?? 0);
  });
  return await reply.promise;
}

/** Waits until a stream takes more, or the call has ended. */
async function drained(call: NodeJS.EventEmitter, ended: Promise<unknown>): Promise<void> {
  const drain = deferred();
  const resolve = () => drain.resolve();
  call.once("drain", resolve);
  ended.then(resolve, resolve);
  await drain.promise;
  call.off("drain", resolve);
}

/** Calls back once when the first of the signals fires; the returned function takes the listeners away. */
export function onAbort(signals: readonly AbortSignal[], callback: () => void): () => void {
  for (const signal of signals) signal.addEventListener("abort", callback, { once: true });
  if (signals.some((signal) => signal.aborted)) callback();
  return () => {
    for (const signal of signals) signal.removeEventListener("abort", callback);
  };
}
