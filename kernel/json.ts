import canonicalize from "canonicalize";
import { ComityError, type ErrorCode } from "./errors.js";

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

/** Limits for JSON and YAML from outside. */
export const textLimits = { maxBytes: 1 << 20, maxDepth: 64 } as const;

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

/** JSON from outside: at most 1 MiB and 64 levels, finite numbers, well-formed text, no key that could reach a prototype. */
export function parseJson(text: string, code: ErrorCode = "ARGUMENT_INVALID"): unknown {
  if (Buffer.byteLength(text) > textLimits.maxBytes)
    throw new ComityError(code, "The JSON text is larger than 1 MiB.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ComityError(
      code,
      `This is no JSON: ${cause instanceof Error ? cause.message : "it cannot be read"}.`,
      { cause },
    );
  }
  checkValue(value, code);
  return value;
}

/** Throws when a value read from outside is deeper than 64 levels, or has a number, text or key that could do harm. */
export function checkValue(value: unknown, code: ErrorCode, path = "", depth = 0): void {
  const at = path === "" ? "the top" : path;
  if (depth > textLimits.maxDepth)
    throw new ComityError(code, `The value is nested deeper than ${textLimits.maxDepth} levels at ${at}.`);
  if (typeof value === "number" && !Number.isFinite(value))
    throw new ComityError(code, `The number at ${at} is not finite.`);
  if (typeof value === "string" && !value.isWellFormed())
    throw new ComityError(code, `The text at ${at} is not well-formed Unicode.`);
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (forbiddenKeys.has(key))
      throw new ComityError(code, `The key ${JSON.stringify(key)} at ${at} is not allowed.`);
    checkValue(item, code, `${path}/${key}`, depth + 1);
  }
}
