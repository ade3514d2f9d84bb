import {
  Composer,
  CST,
  type Document,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
} from "yaml";
import type { Json } from "#kernel/json.js";
import { pointerPart } from "#kernel/json-pointer.js";
import { printable } from "#kernel/words.js";
import type { Finding, FindingCode, Place } from "./finding.js";
import { Places } from "./places.js";

/** What a document may have at most. The DSL needs a small part of it; the limits are for texts that mean harm. */
const documentLimits = {
  maxBytes: 1 << 20,
  maxDepth: 100,
  maxValues: 50_000,
  /** Words of YAML, spaces and line ends too. */
  maxLexemes: 500_000,
} as const;

/** A document's value, and where each part of it stands. */
interface ReadDocument {
  readonly value: Json;
  readonly places: Places;
}

/** Reads YAML 1.2 (and so JSON). What cannot be read, or is not plain data, gives one finding: the first. */
export function readDocument(text: string): ReadDocument | Finding {
  const lines = new LineCounter();
  const places = new Places(null, lines);
  try {
    return read(text, lines);
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    const place = typeof thrown.at === "number" ? places.at(thrown.at) : thrown.at;
    const { code, message, hint } = thrown;
    const pointer = thrown.pointer;
    return {
      severity: "error",
      code,
      message,
      pointer,
      ...place,
      ...(hint === undefined ? {} : { hint }),
    };
  }
}

class Refused extends Error {
  readonly code: FindingCode;
  readonly at: number | Place;
  readonly hint: string | undefined;
  readonly pointer: string;

  constructor(code: FindingCode, message: string, at: number | Place, hint?: string, pointer = "") {
    super(message);
    this.code = code;
    this.at = at;
    this.hint = hint;
    this.pointer = pointer;
  }
}

function read(text: string, lines: LineCounter): ReadDocument {
  if (Buffer.byteLength(text) > documentLimits.maxBytes) {
    throw new Refused("too-large", "The document is larger than 1 MiB.", firstPlace, "Keep data elsewhere.");
  }
  if (!text.isWellFormed())
    throw new Refused("text-invalid", "The document is not well-formed Unicode.", firstPlace);
  const root = compose(tokensOf(text, lines), lines, text);
  const state = { values: 0 };
  const value = plain(root, "", state);
  return { value, places: new Places(root, lines) };
}

const firstPlace: Place = { line: 1, column: 1 };

/** YAML's tokens as a tree. Stops at the first fault, and before the nesting is too deep for the composer, which recurses. */
function tokensOf(text: string, lines: LineCounter): CST.Token[] {
  const tokens: CST.Token[] = [];
  const parser = new Parser(lines.addNewLine);
  // The parser's stack has the document and, for each level, a collection: one more than that is too much.
  const maxStack = documentLimits.maxDepth + 2;
  let lexemes = 0;
  const take = (token: CST.Token): void => {
    if (token.type === "error") throw unreadable(text, token.message, token.offset);
    if (token.type === "directive") {
      throw new Refused(
        "directive",
        "Directives (%) are not allowed here.",
        token.offset,
        "Leave the line out.",
      );
    }
    tokens.push(token);
  };
  lines.addNewLine(0);
  let scalarNext = false;
  for (const lexeme of new Lexer().lex(text)) {
    const kind: string | null = scalarNext ? "scalar" : CST.tokenType(lexeme);
    scalarNext = kind === "scalar" && !scalarNext;
    if (kind === "anchor" || kind === "alias") {
      const hint = "Write the value out, or name it in use.";
      throw new Refused("alias", "Anchors and aliases are not allowed here.", parser.offset, hint);
    }
    if (kind === "tag")
      throw new Refused("tag", "Tags (!) are not allowed here.", parser.offset, "Leave it out.");
    for (const token of parser.next(lexeme)) take(token);
    if (parser.stack.length > maxStack) {
      const message = `The document is nested deeper than ${documentLimits.maxDepth} levels.`;
      throw new Refused("too-deep", message, parser.offset);
    }
    if (++lexemes > documentLimits.maxLexemes) {
      throw new Refused("too-many-values", "The document has too many parts.", parser.offset);
    }
  }
  for (const token of parser.end()) take(token);
  return tokens;
}

/** The one document that the tokens make. */
function compose(tokens: readonly CST.Token[], lines: LineCounter, text: string): Node | null {
  const options = { version: "1.2", schema: "core", stringKeys: true, merge: false } as const;
  const composer = new Composer({ ...options, uniqueKeys: false, logLevel: "silent", prettyErrors: false });
  let found: Document.Parsed | undefined;
  for (const document of composer.compose(tokens, true)) {
    const error = document.errors[0];
    if (error !== undefined) throw unreadable(text, error.message, error.pos[0]);
    if (found !== undefined) {
      const at = document.range[0];
      throw new Refused(
        "many-documents",
        "There is more than one document here.",
        at,
        "Keep each in a file.",
      );
    }
    found = document;
  }
  const root = found?.contents ?? null;
  if (root === null || (isScalar(root) && root.source === "" && root.type === "PLAIN"))
    throw new Refused("empty", "The document is empty.", lines.linePos(0).line === 0 ? firstPlace : 0);
  return root;
}

const forbiddenKeys = new Set(["__proto__", "constructor", "prototype"]);

/** A node as plain data; refuses what JSON has not. */
function plain(node: Node | null, pointer: string, state: { values: number }): Json {
  if (node === null) return null;
  const at = node.range?.[0] ?? 0;
  const refuse = (code: FindingCode, message: string, hint?: string, offset = at): never => {
    throw new Refused(code, message, offset, hint, pointer);
  };
  if (++state.values > documentLimits.maxValues)
    refuse("too-many-values", `The document has more than ${documentLimits.maxValues} values.`);
  if (isSeq<Node>(node)) return node.items.map((item, index) => plain(item, `${pointer}/${index}`, state));
  if (isMap<Node, Node>(node)) {
    const seen = new Map<string, Json>();
    for (const { key, value } of node.items) {
      const keyAt = key.range?.[0] ?? at;
      const name = plainKey(key);
      const inside = `${pointer}/${pointerPart(name ?? "")}`;
      if (name === undefined)
        throw new Refused("key-invalid", "A key must be text.", keyAt, undefined, pointer);
      const shown = JSON.stringify(printable(name, 60));
      if (name === "<<")
        throw new Refused("merge-key", "Merge keys (<<) are not allowed here.", keyAt, undefined, inside);
      if (forbiddenKeys.has(name))
        throw new Refused("key-invalid", `The key ${shown} is not allowed.`, keyAt, undefined, inside);
      if (!name.isWellFormed())
        throw new Refused("text-invalid", "The key is not well-formed Unicode.", keyAt, undefined, pointer);
      if (seen.has(name))
        throw new Refused("duplicate-key", `The key ${shown} is here twice.`, keyAt, undefined, inside);
      seen.set(name, plain(value, inside, state));
    }
    return Object.fromEntries(seen);
  }
  const value = isScalar(node) ? node.value : undefined;
  if (typeof value === "string" && !value.isWellFormed())
    refuse("text-invalid", "The text is not well-formed Unicode.");
  if (typeof value === "number") {
    if (!Number.isFinite(value)) refuse("number-invalid", "The number is not finite.");
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      refuse("number-invalid", "The number is too large to be exact.", "Write it as text, in quotes.");
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null)
    return value;
  return refuse("yaml-syntax", "This is no value that JSON has.");
}

/** The key's text; undefined for a key that is something else. A number or a word such as `true` is text as a key. */
function plainKey(key: Node): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === "string" ? key.value : undefined;
}

/** What the parser says, and what helps where the line has an expression: YAML takes its colon, comma or brace for one of its own. */
function unreadable(text: string, message: string, at: number): Refused {
  const from = text.lastIndexOf("\n", at - 1) + 1;
  const [line = ""] = text.slice(from, from + 300).split("\n", 1);
  const hint = /\$[{a-z]|:.*[:,]\s/.test(line)
    ? "A text with a colon, a comma or a brace in it, such as an expression, stands in quotes."
    : undefined;
  return new Refused("yaml-syntax", sentence(message), at, hint);
}

/** The parser's message as one printable sentence. */
function sentence(message: string): string {
  const text = printable(message.replace(/\s+/g, " ").trim(), 200);
  return `This cannot be read as YAML: ${text}${/[.!?]$/.test(text) ? "" : "."}`;
}
