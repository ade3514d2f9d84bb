import { createHash } from "node:crypto";
import { canonicalJson, isObject, type Json } from "#kernel/json.js";
import { pointerPart, valueAt } from "#kernel/json-pointer.js";
import { byPlace, type Finding, type Place } from "./finding.js";
import { type Places } from "./places.js";
import { readDocument } from "./read.js";
import type { FoundExpression } from "./survey.js";
import { survey } from "./workflow-form.js";

/** All that can be told of a text without jq and without the catalogue of functions. Plain data: it comes from another thread. */
export interface Examination {
  readonly findings: readonly Finding[];
  /** Absent when the text could not be read. */
  readonly document?: ExaminedDocument;
}

export interface ExaminedDocument {
  /** Canonical JSON (RFC 8785). */
  readonly json: string;
  /** The digest of the canonical JSON, in hexadecimal. */
  readonly sha256: string;
  readonly expressions: readonly PlacedExpression[];
  readonly calls: readonly PlacedCall[];
  /** The names of `use.functions`. */
  readonly ownFunctions: readonly string[];
  /** The names of `use.catalogs`. */
  readonly catalogs: readonly string[];
}

export type PlacedExpression = FoundExpression & Place;

/** A call of a function that the document does not define itself. */
export interface PlacedCall {
  readonly name: string;
  /** JSON Pointer of the task. */
  readonly pointer: string;
  readonly argument: Json | undefined;
  /** The places of the task's keys and values by their pointers from the task, such as `/with/at`. */
  readonly places: Readonly<Record<string, { readonly key: Place; readonly value: Place }>>;
}

/** More of them help nobody. */
const maxFindings = 100;

/** Reads and looks at a text. Takes as long as the text needs: see `examiner.ts` for the thread to call it in. */
export function examine(text: string): Examination {
  const read = readDocument(text);
  if ("severity" in read) return { findings: [read] };
  const { value, places } = read;
  const gathered = survey(value);
  const findings = gathered.problems
    .slice(0, maxFindings)
    .map(({ on, ...problem }) => ({ ...problem, ...places.find(problem.pointer, on) }))
    .toSorted(byPlace);
  const json = canonicalJson(value);
  return {
    findings,
    document: {
      json,
      sha256: createHash("sha256").update(json).digest("hex"),
      expressions: gathered.expressions.map((found) => ({ ...found, ...places.find(found.pointer) })),
      calls: gathered.calls.map(({ name, pointer }) => {
        const argument = valueAt(value, `${pointer}/with`);
        return { name, pointer, argument, places: placesBelow(value, pointer, places) };
      }),
      ownFunctions: gathered.names.functions,
      catalogs: gathered.names.catalogs,
    },
  };
}

/** The places of a task's `call` and `with`, and of all that is in them. */
function placesBelow(document: Json, task: string, places: Places): PlacedCall["places"] {
  const found: Record<string, { key: Place; value: Place }> = {};
  const note = (pointer: string, value: Json | undefined): void => {
    found[pointer] = { key: places.find(task + pointer, "key"), value: places.find(task + pointer) };
    if (Array.isArray(value)) {
      for (const [index, item] of (value as readonly Json[]).entries()) note(`${pointer}/${index}`, item);
    } else if (isObject(value)) {
      for (const [key, item] of Object.entries(value)) note(`${pointer}/${pointerPart(key)}`, item);
    }
  };
  note("/call", undefined);
  note("/with", valueAt(document, `${task}/with`));
  return found;
}
