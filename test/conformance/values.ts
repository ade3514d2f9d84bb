import { parseDocument } from "yaml";
import { sameType } from "#hub/workflow/interpreter/errors.js";
import type { WorkflowError } from "#hub/workflow/interpreter/model.js";
import { canonicalJson, isObject, type Json } from "#kernel/json.js";

/** What a step demands is not so: the sentence says what is. */
export class Unmet extends Error {}

/** A value for a sentence, in one line. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return "nothing";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** The value of a doc string: YAML, and so JSON too. */
export function parseValue(text: string): Json {
  const document = parseDocument(text);
  try {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Json;
  } catch (error) {
    // Aliases are followed only here: one without an anchor, or with too many behind it.
    throw new Unmet(`The doc string is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Some workflows of the kit have no version, which the schema demands: they get one. Any other text stays as it is. */
export function withVersion(text: string): string {
  const document = parseDocument(text);
  const lacks = document.hasIn(["document", "name"]) && !document.hasIn(["document", "version"]);
  if (document.errors.length > 0 || !lacks) return text;
  document.setIn(["document", "version"], "0.0.0");
  return document.toString({ lineWidth: 0 });
}

/** Whether two values are the same JSON: `-0` is `0`, and the order of keys counts for nothing. */
const isSame = (actual: Json | undefined, wanted: Json): boolean =>
  actual !== undefined && canonicalJson(actual) === canonicalJson(wanted);

/** Throws {@link Unmet} unless the value is the wanted one. */
export function expectEqual(actual: Json | undefined, wanted: Json, noun: string): void {
  if (!isSame(actual, wanted)) throw new Unmet(`${noun} is ${shown(actual)}, not ${shown(wanted)}.`);
}

/** Throws {@link Unmet} unless the error has every wanted field; types are compared as reading 1 has it. */
export function expectError(error: WorkflowError | undefined, wanted: Json, noun: string): void {
  if (!isObject(wanted)) throw new Unmet(`An error is an object, not ${shown(wanted)}.`);
  for (const [field, value] of Object.entries(wanted)) {
    const actual = (error as Readonly<Record<string, Json>> | undefined)?.[field];
    const same =
      field === "type" && typeof actual === "string" && typeof value === "string"
        ? sameType(actual, value)
        : isSame(actual, value);
    if (!same) throw new Unmet(`${noun} has ${field} ${shown(actual)}, not ${shown(value)}: ${shown(error)}`);
  }
}

/** A key of a path: in brackets and quotes, where it has a dot of its own, or without. */
const pathKeys = /\[\s*(?:"(?<one>[^"]*)"|'(?<other>[^']*)')\s*\]|(?<plain>[^.[\]]+)/g;

/** The value at a path such as `a.b[0]["c.d"]`; undefined when there is none. */
export function at(value: Json, path: string): Json | undefined {
  let here: Json | undefined = value;
  for (const { groups = {} } of path.replace(/^\$(?=[.[]|$)/, "").matchAll(pathKeys)) {
    const key = groups["one"] ?? groups["other"] ?? groups["plain"] ?? "";
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Readonly<Record<string, Json>>)[key];
  }
  return here;
}

/** How many items a list or an object has. */
export function countItems(value: Json | undefined): number | undefined {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
}
