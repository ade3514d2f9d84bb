import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { sleep } from "#kernel/async.js";
import { type Json, textLimits } from "#kernel/json.js";
import { jsonOf } from "./body.js";
import { placeOf } from "./client.js";
import { callFailure } from "./failures.js";
import type { CallEndpoint } from "./forms.js";
import type { Sender } from "./sender.js";
import { urlOf } from "./urls.js";

/** A text from elsewhere that says how to make a call. */
interface FetchedText {
  readonly text: string;
  readonly url: URL;
}

/** An honest document of 1 MiB takes a fifth of this. */
const maxReadMs = 10_000;

/** Fetches a document of at most 1 MiB, for each call anew: what its owner changes counts at once. Throws a failure. */
export async function fetchText(
  sender: Sender,
  endpoint: CallEndpoint,
  signal: AbortSignal,
): Promise<FetchedText> {
  const url = urlOf(endpoint.uri);
  const { maxBytes } = textLimits;
  const request = { method: "GET", url, headers: {}, redirect: true, maxBytes };
  const answer = await sender.send(request, endpoint.authentication, signal);
  if (answer.status !== 200)
    throw callFailure("communication", `GET ${placeOf(url)} answers ${answer.status}`, {
      status: answer.status,
      detail: "The call needs this document.",
    });
  return { text: answer.body.toString("utf8").toWellFormed(), url: answer.url };
}

/** A document of JSON or YAML. YAML takes time: it is read in a thread of its own. Throws a failure. */
export async function readDocument({ text, url }: FetchedText): Promise<Json> {
  if (/^\s*[{[]/.test(text)) return jsonOf(text, placeOf(url));
  const resourceLimits = { maxOldGenerationSizeMb: 256 };
  const worker = new Worker(new URL("./document-worker.js", import.meta.url), {
    workerData: text,
    resourceLimits,
  });
  const ended = new AbortController();
  const { signal } = ended;
  try {
    const read = await Promise.race([
      once(worker, "message", { signal }).then(([message]) => message as ReadDocument),
      sleep(maxReadMs, signal).then((): ReadDocument => ({ fault: "It takes too long to read." })),
    ]);
    if ("value" in read) return read.value;
    throw callFailure("communication", `${placeOf(url)} cannot be read`, { status: 502, detail: read.fault });
  } finally {
    ended.abort();
    await worker.terminate();
  }
}

/** What the thread answers. */
export type ReadDocument = { readonly value: Json } | { readonly fault: string };
