import { z } from "zod";
import type { AnswerHeader } from "#hub/assignments/model.js";
import type { Dataset } from "#hub/sites/model.js";
import { parseValue } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import { parseAssignmentId, parseOpId, parseSha256 } from "#kernel/ids.js";
import { type Json, parseJson } from "#kernel/json.js";
import { type BlobRef, inlineBytes } from "#kernel/refs.js";
import { printable } from "#kernel/words.js";
import { limits } from "#proto/codec/work.js";
import type { Catalogue__Output } from "#proto/generated/comity/v1/Catalogue.js";
import type { UploadHeader__Output } from "#proto/generated/comity/v1/UploadHeader.js";

const word = z.string().min(1).max(128);
const rows = z.int().min(0).max(limits.samples);

const catalogueSchema = z
  .array(
    z.object({
      name: word,
      columns: z
        .array(z.object({ name: word, type: z.enum(["number", "integer", "category", "text"]) }))
        .max(10_000),
      labels: labelsSchema(),
      trainRows: rows,
      testRows: rows,
      target: z.string().max(128),
      connector: word,
    }),
  )
  .max(1000)
  .refine(
    (datasets) => new Set(datasets.map(({ name }) => name)).size === datasets.length,
    "two datasets have the same name",
  );

/** At most 100 short pairs. */
function labelsSchema() {
  return z
    .record(z.string().min(1).max(63), z.string().max(256))
    .refine((labels) => Object.keys(labels).length <= 100, "at most 100 labels");
}

/** Labels from outside. */
export const decodeLabels = (labels: unknown): Record<string, string> =>
  parseValue(labels, "labels", labelsSchema());

/** A site's datasets, parsed; throws `MESSAGE_INVALID`. */
export function decodeCatalogue(message: Catalogue__Output): Dataset[] {
  return parseValue(message.datasets, "catalogue", catalogueSchema, "MESSAGE_INVALID");
}

/** An answer's header, parsed: ids, digests and counts are what they seem; whether they are right is the intake's question. */
export function decodeHeader(message: UploadHeader__Output): AnswerHeader {
  if (message.tensors.length > limits.tensors)
    throw new ComityError("MESSAGE_INVALID", `More than ${limits.tensors} tensors are declared.`);
  if (Object.keys(message.metrics).length > 100)
    throw new ComityError("MESSAGE_INVALID", "More than 100 metrics are given.");
  const odd = Object.keys(message.metrics).find((name) => !/^[A-Za-z][\w.:/-]{0,63}$/.test(name));
  if (odd !== undefined) {
    throw new ComityError(
      "MESSAGE_INVALID",
      `${JSON.stringify(odd.slice(0, 80))} is no name of a metric: it must begin with a letter and have at most 64 characters.`,
    );
  }
  if (message.inline.length > inlineBytes)
    throw new ComityError("MESSAGE_INVALID", `An update within a header has at most ${inlineBytes} bytes.`);
  return {
    opId: parseOpId(message.opId),
    assignmentId: parseAssignmentId(message.assignmentId),
    attempt: message.attempt,
    baseSha256: message.baseSha256,
    samples: message.samples,
    metrics: message.metrics,
    update: message.update === null ? undefined : decodeBlob(message.update),
    tensors: message.tensors,
    offset: decodeOffset(message.offset),
    value: message.valueJson === "" ? undefined : (parseJson(message.valueJson, "MESSAGE_INVALID") as Json),
    inline: message.inline.length === 0 ? undefined : bufferOver(message.inline),
    stateFrom: message.stateFrom,
    behind: message.behind === 0 ? 1 : decodeCount(message.behind),
    dataVersion: printable(message.dataVersion, 128),
  };
}

/** Sites that stand behind an answer. */
function decodeCount(count: number): number {
  if (Number.isSafeInteger(count) && count >= 1 && count <= 1_000_000) return count;
  throw new ComityError("MESSAGE_INVALID", `${count} is no number of sites.`);
}

/** The bytes of a message within a message come as a plain array. */
const bufferOver = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** A byte offset. */
export function decodeOffset(offset: number): number {
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new ComityError("ARGUMENT_INVALID", `${offset} is no byte offset.`);
}

function decodeBlob(message: { sha256: string; sizeBytes: number }): BlobRef {
  if (!Number.isSafeInteger(message.sizeBytes) || message.sizeBytes < 1) {
    throw new ComityError("UPLOAD_SIZE_WRONG", `${message.sizeBytes} is no size of an update.`);
  }
  return { sha256: parseSha256(message.sha256), sizeBytes: message.sizeBytes };
}
