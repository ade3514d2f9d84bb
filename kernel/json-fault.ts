/** A place in a text for people: lines and columns count from 1. */
interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** Where a text stops being JSON. */
export interface JsonFault extends TextPlace {
  /** The character that does not fit; undefined where the text ends too soon. */
  readonly found: string | undefined;
}

/** Where a text of JSON goes beyond a limit. */
export interface JsonExcess extends TextPlace {
  readonly of: "depth" | "values";
}

/**
 * Finds the first place at which a text has more levels or values than it may. It only looks at brackets and commas, so that what is
 * far too much costs no memory and little time; it says nothing about whether the text is JSON.
 */
export function jsonExcess(
  source: string,
  { maxDepth, maxValues }: { readonly maxDepth: number; readonly maxValues: number },
): JsonExcess | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < source.length; at++) {
    const sign = source[at];
    if (sign === '"') {
      at = closingQuote(source, at);
      continue;
    }
    if (sign === "[" || sign === "{") depth += 1;
    else if (sign === "]" || sign === "}") depth -= 1;
    else if (sign === ",") values += 1;
    else continue;
    // The outermost brackets stand around the first level.
    if (depth > maxDepth + 1) return { of: "depth", ...placeOf(source, at) };
    if (values > maxValues) return { of: "values", ...placeOf(source, at) };
  }
  return undefined;
}

/** The quotation mark that ends a text; the end of the source when there is none. */
function closingQuote(source: string, start: number): number {
  for (let at = start; ; ) {
    at = source.indexOf('"', at + 1);
    if (at === -1) return source.length;
    let escapes = 0;
    while (source[at - 1 - escapes] === "\\") escapes += 1;
    if (escapes % 2 === 0) return at;
  }
}

function placeOf(source: string, at: number): TextPlace {
  const before = source.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

const space = /[ \t\n\r]*/y;
const text = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const plain = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

type Wanted = "value" | "first value" | "key" | "first key" | "colon" | "comma" | "end";

/** Finds the first place at which a text that `JSON.parse` has refused is no JSON. It names it alike in every version of Node.js. */
export function jsonFault(source: string): JsonFault {
  const at = faultAt(source);
  return { ...placeOf(source, at), found: Array.from(source.slice(at, at + 2))[0] };
}

function faultAt(source: string): number {
  const closers: ("]" | "}")[] = [];
  let wanted: Wanted = "value";
  let at = skip(space, source, 0);
  for (;;) {
    const sign = source[at];
    const closer = closers.at(-1);
    let next = at + 1;
    if (sign === closer && closer !== undefined && (wanted === "comma" || wanted.startsWith("first")))
      closers.pop();
    else if (wanted === "comma" && sign === ",") {
      wanted = closer === "}" ? "key" : "value";
      at = skip(space, source, next);
      continue;
    } else if (wanted === "colon" && sign === ":") {
      wanted = "value";
      at = skip(space, source, next);
      continue;
    } else if (wanted === "key" || wanted === "first key") {
      next = skip(text, source, at);
      if (next === at) return at;
      wanted = "colon";
      at = skip(space, source, next);
      continue;
    } else if (wanted !== "value" && wanted !== "first value") return at;
    else if (sign === "{" || sign === "[") {
      closers.push(sign === "{" ? "}" : "]");
      wanted = sign === "{" ? "first key" : "first value";
      at = skip(space, source, next);
      continue;
    } else {
      next = Math.max(skip(text, source, at), skip(plain, source, at));
      if (next === at) return at;
    }
    // A value is whole.
    wanted = closers.length === 0 ? "end" : "comma";
    at = skip(space, source, next);
  }
}

/** The place behind what the pattern matches at a place; the place itself when it does not. */
function skip(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : at;
}
