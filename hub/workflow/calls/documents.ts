import { BoundedThread } from "#kernel/bounded-thread.js";
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
const script = new URL("./document-worker.js", import.meta.url);
const resourceLimits = { maxOldGenerationSizeMb: 256 };

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

/** A document of JSON or YAML. YAML takes time: each is read in a thread of its own. Throws a failure. */
export async function readDocument({ text, url }: FetchedText): Promise<Json> {
  if (/^\s*[{[]/.test(text)) return jsonOf(text, placeOf(url));
  const fails = (detail: string, cause?: unknown) =>
    callFailure("communication", `${placeOf(url)} cannot be read`, { status: 502, detail, cause });
  const thread = new BoundedThread<string, ReadDocument>(script, "a document", {
    resourceLimits,
    ended: (cause) => fails("It takes too much memory to read.", cause),
  });
  try {
    const read = await thread.run(text, maxReadMs);
    if (read === "late") throw fails("It takes too long to read.");
    if ("fault" in read) throw fails(read.fault);
    return read.value;
  } finally {
    await thread.close();
  }
}

/** What the thread answers. */
export type ReadDocument = { readonly value: Json } | { readonly fault: string };
