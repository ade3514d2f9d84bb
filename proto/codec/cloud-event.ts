import { ComityError } from "#kernel/errors.js";
import { type Json, parseJson } from "#kernel/json.js";

/** An event as CloudEvents 1.0 has it, in its JSON form; extension attributes stand beside the others. */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time?: string;
  readonly subject?: string;
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  readonly data?: Json;
  readonly [extension: string]: Json | undefined;
}

/** An event as it came: what is missing may be filled in, see {@link completeEvent}. */
export type GivenEvent = { readonly [attribute: string]: Json };

/** The JSON text of an event from outside, in UTF-8 bytes. */
export const maxEventBytes = 256 * 1024;

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
const uriReference = /^[^\s<>"{}|\\^`]{1,1000}$/;
const absoluteUri = /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]{1,1000}$/i;
/** CloudEvents 1.0 has no control characters in texts; not every database could keep them. */
const filled = /^\P{Cc}{1,1000}$/u;

/** The attributes that CloudEvents 1.0 names, each with its form. */
const attributes: Readonly<Record<string, { readonly form: RegExp; readonly words: string }>> = {
  specversion: { form: /^1\.0$/, words: '"1.0", the version that is understood' },
  id: { form: filled, words: "a text of 1 to 1000 characters without control characters" },
  source: { form: uriReference, words: "a URI reference such as /machines/7" },
  type: { form: filled, words: "a text of 1 to 1000 characters without control characters" },
  time: { form: rfc3339, words: "a time such as 2026-01-31T12:00:00Z" },
  subject: { form: filled, words: "a text of 1 to 1000 characters without control characters" },
  datacontenttype: { form: filled, words: "a media type such as application/json" },
  dataschema: { form: absoluteUri, words: "a URI such as https://example.org/schema" },
};

/** Reads the JSON form of an event; throws `EVENT_INVALID` with what does not fit. */
export function parseEvent(text: string): GivenEvent {
  if (Buffer.byteLength(text) > maxEventBytes)
    throw invalid("The event is larger than 256 KiB.", "Send where the data lies in place of the data.");
  return checkEvent(parseJson(text, "EVENT_INVALID"));
}

/** Checks each attribute of an event that was read already; throws `EVENT_INVALID`. */
export function checkEvent(value: unknown): GivenEvent {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid("An event is one JSON object; several are sent one by one.");
  const event: Record<string, Json> = {};
  for (const [name, given] of Object.entries(value as Readonly<Record<string, Json>>)) {
    if (name === "data_base64")
      throw invalid(
        "Binary data in an event is not taken.",
        "Send JSON data, or where the data lies in place of the data.",
      );
    // The JSON format writes null for an attribute that is absent.
    if (given === null && name !== "data") continue;
    if (name !== "data") checkAttribute(name, given);
    event[name] = given;
  }
  return event;
}

function checkAttribute(name: string, value: Json): void {
  const rule = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (rule !== undefined) {
    const isTime = name !== "time" || !Number.isNaN(Date.parse(typeof value === "string" ? value : ""));
    if (typeof value === "string" && rule.form.test(value) && isTime) return;
    throw invalid(`The event's ${name} must be ${rule.words}, and is ${shown(value)}.`);
  }
  if (!/^[a-z0-9]{1,20}$/.test(name))
    throw invalid(
      `${shown(name)} is no attribute of an event: it has 1 to 20 lower-case letters and digits.`,
      "What belongs to your own application goes into `data`.",
    );
  const simple = typeof value === "boolean" || (typeof value === "number" && Number.isInteger(value));
  if (simple || (typeof value === "string" && (value === "" || filled.test(value)))) return;
  throw invalid(
    `The event's ${name} must be a text of at most 1000 characters without control characters, a whole number, true or false, and is ${shown(value)}.`,
  );
}

/** Fills in what an event may leave out. Throws `EVENT_INVALID` when it has no type. */
export function completeEvent(
  given: GivenEvent,
  defaults: { readonly id: string; readonly source: string; readonly nowMs: number },
): CloudEvent {
  if (given["type"] === undefined)
    throw invalid("The event has no type.", "The type is what a workflow's filters look for first.");
  const { id, source, nowMs } = defaults;
  const time = new Date(nowMs).toISOString();
  // Checked attribute by attribute; the types of those that the language of the code cannot see are the checks'.
  return { id, source, time, ...given, specversion: "1.0" } as unknown as CloudEvent;
}

const shown = (value: Json): string => JSON.stringify(value).slice(0, 80);

const invalid = (message: string, hint?: string): ComityError =>
  new ComityError("EVENT_INVALID", message, hint === undefined ? {} : { hint });
