import { ComityError } from "#kernel/errors.js";
import type { AssignmentId, Sha256 } from "#kernel/ids.js";
import { readChunks } from "#proto/codec/bytes.js";
import type { Receipt__Output } from "#proto/generated/comity/v1/Receipt.js";
import type { UploadHeader } from "#proto/generated/comity/v1/UploadHeader.js";
import type { UploadRequest } from "#proto/generated/comity/v1/UploadRequest.js";
import { AgentService } from "#proto/rpc/definitions.js";
import { wire } from "#proto/rpc/limits.js";
import type { HubLink } from "./hub.js";

/** Deadline of a call without bytes. */
const callMs = 30_000;
/** A transfer that is slower than this on average is given up and begun again from where it stopped. */
const slowestBytesPerSecond = 16 * 1024;

const deadlineOf = (bytes: number): number => callMs + (Math.max(0, bytes) / slowestBytesPerSecond) * 1000;

/** A blob's bytes from an offset on. Throws a ComityError when the stream breaks off, or the signal's reason. */
export async function* download(
  hub: HubLink,
  blob: { sha256: Sha256; sizeBytes: number },
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const either = firstOf(signal, hub.lost);
  const release = hub.hold();
  try {
    const settings = { deadlineMs: deadlineOf(blob.sizeBytes - offset), signal: either.signal };
    const chunks = hub.channel.serverStream(
      AgentService.definition.Download,
      { sha256: blob.sha256, offset },
      settings,
    );
    for await (const chunk of chunks) yield chunk.data;
  } finally {
    release();
    either.release();
  }
}

/** What an upload sends. */
interface OutgoingUpload {
  readonly header: UploadHeader;
  /** The update: in memory, or in a file; undefined for an answer without bytes. */
  readonly update: Buffer | { readonly path: string; readonly sizeBytes: number } | undefined;
  /** Where in the update to begin. */
  readonly offset: number;
  /** Asked before each chunk: whether bytes may still leave the site. */
  readonly mayLeave: () => boolean;
}

/** Sends one answer and waits for its receipt. Throws a ComityError, the hub's own where it spoke, or the signal's reason. */
export async function upload(
  hub: HubLink,
  outgoing: OutgoingUpload,
  signal: AbortSignal,
): Promise<Receipt__Output> {
  const either = firstOf(signal, hub.lost);
  const release = hub.hold();
  try {
    const settings = {
      deadlineMs: deadlineOf(sizeOf(outgoing.update) - outgoing.offset),
      signal: either.signal,
      memoryReused: readsFile(outgoing.update),
    };
    return await hub.channel.clientStream(AgentService.definition.Upload, messagesOf(outgoing), settings);
  } finally {
    release();
    either.release();
  }
}

/**
 * Sends a small answer over the session, update and all, and waits for its receipt. Throws a ComityError, `DEADLINE_EXCEEDED` when the hub
 * says nothing of it, or the signal's reason.
 */
export async function submit(
  hub: HubLink,
  header: UploadHeader,
  update: Buffer | undefined,
  signal: AbortSignal,
): Promise<Receipt__Output> {
  const silent = new AbortController();
  const timer = setTimeout(() => {
    silent.abort(new ComityError("DEADLINE_EXCEEDED", "The hub has not acknowledged an answer in time."));
  }, callMs);
  const either = firstOf(signal, silent.signal);
  const release = hub.hold();
  try {
    return await hub.answer({ ...header, ...(update !== undefined && { inline: update }) }, either.signal);
  } finally {
    release();
    either.release();
    clearTimeout(timer);
  }
}

async function* messagesOf({
  header,
  update,
  offset,
  mayLeave,
}: OutgoingUpload): AsyncGenerator<UploadRequest> {
  yield { header: { ...header, offset } };
  for await (const chunk of chunksOf(update, offset)) {
    if (!mayLeave()) {
      throw new ComityError(
        "POLICY_REFUSED",
        "The site has paused its agent while the update was on its way.",
      );
    }
    yield { chunk };
  }
}

function chunksOf(
  update: OutgoingUpload["update"],
  offset: number,
): Iterable<Buffer> | AsyncIterable<Buffer> {
  const sizeBytes = sizeOf(update);
  if (update === undefined || offset >= sizeBytes) return [];
  if (!Buffer.isBuffer(update)) return readChunks(update.path, offset);
  const count = Math.ceil((sizeBytes - offset) / wire.chunkBytes);
  return Array.from({ length: count }, (_, index) => {
    const start = offset + index * wire.chunkBytes;
    return update.subarray(start, start + wire.chunkBytes);
  });
}

/** Whether the update comes from a file, by buffers that are used again and again. */
const readsFile = (update: OutgoingUpload["update"]): boolean =>
  update !== undefined && !Buffer.isBuffer(update);

function sizeOf(update: OutgoingUpload["update"]): number {
  if (update === undefined) return 0;
  return Buffer.isBuffer(update) ? update.length : update.sizeBytes;
}

/** Bytes of an assignment's update that the hub has already. */
export async function storedOffset(
  hub: HubLink,
  asked: { assignmentId: AssignmentId; attempt: number; sha256: Sha256 },
  signal: AbortSignal,
): Promise<number> {
  const either = firstOf(signal, hub.lost);
  try {
    const reply = await hub.channel.unary(AgentService.definition.StatBlob, asked, {
      deadlineMs: callMs,
      signal: either.signal,
    });
    return reply.offset;
  } finally {
    either.release();
  }
}

/** A signal that fires with the first of two. `AbortSignal.any` keeps the listeners of a signal that outlives the call. */
function firstOf(...signals: readonly AbortSignal[]): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const listeners = signals.map((signal) => {
    const fire = (): void => controller.abort(signal.reason);
    if (signal.aborted) fire();
    signal.addEventListener("abort", fire, { once: true });
    return () => signal.removeEventListener("abort", fire);
  });
  return {
    signal: controller.signal,
    release: () => {
      for (const remove of listeners) remove();
    },
  };
}
