import type { Json } from "#kernel/json.js";
import { fault } from "./errors.js";

/**
 * A URI template of level 1 (RFC 6570, section 3.2.2) with the top-level values of the input; what is missing becomes nothing.
 * Throws a Fault of type `expression` for a value that is a list or an object.
 */
export function expandUri(template: string, input: Json): string {
  return template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const value = valueOf(input, name);
    if (value === undefined || value === null) return "";
    if (typeof value === "object" || (typeof value === "string" && !value.isWellFormed()))
      throw fault(
        "expression",
        `{${name}} cannot stand in a URI`,
        `${template.slice(0, 200)} needs a text, a number, true, false or null for it.`,
      );
    return encoded(String(value));
  });
}

function valueOf(input: Json, name: string): Json | undefined {
  if (typeof input !== "object" || input === null || !Object.hasOwn(input, name)) return undefined;
  return (input as Readonly<Record<string, Json>>)[name];
}

/** Percent-encodes all but unreserved characters (RFC 3986); `encodeURIComponent` leaves five more. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
