import canonicalize from "canonicalize";
import { ComityError, type ErrorCode } from "./errors.js";
import { jsonExcess, jsonFault } from "./json-fault.js";
import { printable } from "./words.js";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** An object of JSON values. */
export type JsonObject = { readonly [key: string]: Json };

/** Whether a value is an object: neither null nor a list. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a value is a list. */
export const isList = (value: unknown): value is readonly Json[] => Array.isArray(value);

const forbiddenKeys = new Set(["__proto__", "constructor", "prototype"]);

/** Limits for JSON and YAML from outside. Many small values cost far more than a long text. */
export const textLimits = { maxBytes: 1 << 20, maxDepth: 64, maxValues: 50_000 } as const;

/** A value as JSON gives it back: without what is undefined, and with 0 for -0. */
export const jsonForm = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

/** The canonical form of RFC 8785: the same value gives the same text, and so the same digest. Throws `ARGUMENT_INVALID`. */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    const why = cause instanceof Error ? `: ${cause.message}` : "";
    throw new ComityError("ARGUMENT_INVALID", `The value has no canonical JSON form${why}.`, { cause });
  }
  if (text === undefined) throw new ComityError("ARGUMENT_INVALID", "The value has no JSON form.");
  return text;
}

/** JSON from outside: at most 1 MiB, 64 levels and 50,000 values, finite numbers, well-formed text, no key that could reach a prototype. */
export function parseJson(text: string, code: ErrorCode = "ARGUMENT_INVALID"): unknown {
  if (Buffer.byteLength(text) > textLimits.maxBytes)
    throw new ComityError(code, "The JSON text is larger than 1 MiB.");
  const excess = jsonExcess(text, textLimits);
  if (excess !== undefined) {
    const { maxDepth, maxValues } = textLimits;
    const what =
      excess.of === "depth"
        ? `is nested deeper than ${maxDepth} levels`
        : `has more than ${maxValues} values`;
    throw new ComityError(code, `The JSON text ${what} at line ${excess.line}, column ${excess.column}.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ComityError(code, noJson(text), { cause });
  }
  checkValue(value, code);
  return value;
}

/** Why a text that could not be read is no JSON, and where. */
export function noJson(text: string): string {
  const { line, column, found } = jsonFault(text);
  const what = found === undefined ? "it ends too soon" : `${JSON.stringify(printable(found))} does not fit`;
  return `This is no JSON: ${what} at line ${line}, column ${column}.`;
}

/** Throws when a value read from outside is deeper than 64 levels, or has a number, text or key that could do harm. */
export function checkValue(value: unknown, code: ErrorCode): void {
  const path: (string | number)[] = [];
  const refuse = (what: string, why: string): never => {
    const place = path.map((part) => `/${part}`).join("");
    throw new ComityError(code, `${what} at ${place === "" ? "the top" : printable(place, 100)} ${why}`);
  };
  const checkInner = (item: unknown, part: string | number): void => {
    path.push(part);
    check(item);
    path.pop();
  };
  const check = (item: unknown): void => {
    if (path.length > textLimits.maxDepth)
      refuse("The value", `is nested deeper than ${textLimits.maxDepth} levels.`);
    if (typeof item === "number" && !Number.isFinite(item)) refuse("The number", "is not finite.");
    if (typeof item === "string" && !item.isWellFormed()) refuse("The text", "is not well-formed Unicode.");
    if (typeof item !== "object" || item === null) return;
    if (Array.isArray(item)) {
      for (const [index, one] of item.entries()) checkInner(one, index);
      return;
    }
    for (const [key, one] of Object.entries(item)) {
      if (forbiddenKeys.has(key)) refuse(`The key ${JSON.stringify(key)}`, "is not allowed.");
      if (!key.isWellFormed()) refuse("A key", "is not well-formed Unicode.");
      checkInner(one, key);
    }
  };
  check(value);
}
