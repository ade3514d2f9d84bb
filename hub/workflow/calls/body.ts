import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { ComityError } from "#kernel/errors.js";
import { type Json, parseJson } from "#kernel/json.js";
import { callFailure } from "./failures.js";

const unpackers: ReadonlyMap<string, () => Transform> = new Map([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
]);

interface Reading {
  readonly maxBytes: number;
  /** For messages. */
  readonly place: string;
  readonly enough?: ((body: string) => boolean) | undefined;
}

/** The body of an answer, unpacked. Throws a failure when it is larger than it may be, and stops reading there. */
export async function readBody(
  response: IncomingMessage,
  { maxBytes, place, enough }: Reading,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of unpacked(response, place) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw callFailure("communication", `${place} answers with more than ${maxBytes / 1024} KiB`, {
          status: 502,
          detail:
            "Ask it for less, or for a reference in place of the data (http.maxBytes in hub.yaml is the limit).",
        });
      if (enough?.(Buffer.concat(chunks).toString("utf8")) === true) break;
    }
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks);
}

function unpacked(response: IncomingMessage, place: string): AsyncIterable<unknown> {
  const encoding = response.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity" || encoding === "") return response;
  const unpacker = unpackers.get(encoding);
  if (unpacker === undefined)
    throw callFailure("communication", `${place} answers in the encoding ${encoding.slice(0, 40)}`, {
      status: 502,
      detail: "The hub asks for none, and reads gzip, deflate and br.",
    });
  const stream = unpacker();
  response.on("error", (error) => stream.destroy(error));
  return response.pipe(stream);
}

/**
 * What a body says by its content type: JSON as a value, text as text, everything else in base64; nothing as null. Throws a failure
 * for JSON that is none, and for JSON that could do harm.
 */
export function contentOf(body: Buffer, type: string | undefined, place: string): Json {
  if (body.length === 0) return null;
  const { media, charset } = mediaType(type);
  if (media === "application/json" || media.endsWith("+json")) return jsonOf(body.toString("utf8"), place);
  if (
    /^text\/|[/+]xml$|^application\/(?:javascript|yaml|x-yaml|x-www-form-urlencoded|x-ndjson)$|\+yaml$/.test(
      media,
    )
  )
    return textOf(body, charset);
  return body.toString("base64");
}

/** JSON from a service. Throws a failure of type `communication`. */
export function jsonOf(text: string, place: string): Json {
  try {
    return parseJson(text.replace(/^\uFEFF/, "")) as Json;
  } catch (thrown) {
    throw callFailure("communication", `${place} answers with JSON that cannot be read`, {
      status: 502,
      detail: ComityError.from(thrown).message,
      cause: thrown,
    });
  }
}

function textOf(body: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return body.toString("utf8").toWellFormed();
  }
}

/** The parts of a `content-type`. */
export function mediaType(type: string | undefined): { readonly media: string; readonly charset: string } {
  const [media = "", ...parameters] = (type ?? "").toLowerCase().split(";");
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith("charset="));
  return { media: media.trim(), charset: charset?.slice(8).replaceAll('"', "") ?? "utf-8" };
}
