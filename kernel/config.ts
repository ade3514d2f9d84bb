import { readFile } from "node:fs/promises";
import { isMap, isScalar, LineCounter, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { ComityError, type ErrorCode, isSystemError } from "./errors.js";
import { checkValue, textLimits } from "./json.js";
import { compareNumbered, didYouMean } from "./words.js";

/** Reads a YAML file and parses it with a schema; every fault is reported with `file:line:column` and the allowed values. */
export async function readConfig<T>(
  path: string,
  schema: z.ZodType<T>,
  code: ErrorCode = "CONFIG_INVALID",
): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (!isSystemError(cause, "ENOENT")) throw cause;
    throw new ComityError(code, `There is no file ${path}.`, { hint: "Check the path.", cause });
  }
  return parseConfig(text, path, schema, code);
}

/** {@link readConfig} for a text; `source` is the file's name in messages. */
export function parseConfig<T>(
  text: string,
  source: string,
  schema: z.ZodType<T>,
  code: ErrorCode = "CONFIG_INVALID",
): T {
  if (Buffer.byteLength(text) > textLimits.maxBytes)
    throw new ComityError(code, `${source} is larger than 1 MiB.`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    merge: false,
    prettyErrors: false,
  });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${source}:${line}:${col}`;
  };
  const faults = document.errors.map((error) => `${place(error.pos[0])}: ${error.message}`);
  visit(document, {
    Alias: (_key, node) =>
      void faults.push(`${place(node.range?.[0] ?? 0)}: anchors and aliases are not allowed here`),
    Node: (_key, node) => {
      const tag = "tag" in node ? node.tag : undefined;
      if (tag !== undefined && node.range) faults.push(`${place(node.range[0])}: tags are not allowed here`);
    },
  });
  if (faults.length > 0) throw new ComityError(code, faults.join("\n"));
  const value: unknown = document.toJS();
  checkValue(value, code);
  const parsed = schema.safeParse(value, parsing);
  if (parsed.success) return parsed.data;
  const positionOf = (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length > 0; length--) {
      const keys = path.slice(0, length);
      const parent: unknown = document.getIn(keys.slice(0, -1), true);
      const pair = isMap(parent)
        ? parent.items.find((item) => isScalar(item.key) && item.key.value === keys.at(-1))
        : undefined;
      if (pair !== undefined && isScalar(pair.key) && pair.key.range) return place(pair.key.range[0]);
      const node = document.getIn(keys, true);
      if (typeof node === "object" && node !== null && "range" in node)
        return place((node.range as [number])[0]);
    }
    return `${source}:1:1`;
  };
  const inOrder = describeIssues(parsed.error.issues)
    .map((fault) => `${positionOf(fault.path)}: ${fault.message}`)
    .toSorted(compareNumbered);
  throw new ComityError(code, inOrder.join("\n"));
}

/** Parses a value that has no file; `noun` names it in messages (`plan`, `work`). */
export function parseValue<T>(
  value: unknown,
  noun: string,
  schema: z.ZodType<T>,
  code: ErrorCode = "ARGUMENT_INVALID",
): T {
  const parsed = schema.safeParse(value, parsing);
  if (parsed.success) return parsed.data;
  throw new ComityError(
    code,
    describeIssues(parsed.error.issues)
      .map((fault) => `${noun}: ${fault.message}`)
      .join("\n"),
  );
}

/** One fault of a value that does not fit its schema. */
interface SchemaFault {
  readonly path: readonly PropertyKey[];
  /** Without a full stop, and without the place. */
  readonly message: string;
  /** A key that the schema has not; else the value at the path is at fault. */
  readonly unknownKey: boolean;
}

/** What of a value does not fit a schema: nothing when all does. */
export function schemaFaults(value: unknown, schema: z.ZodType): readonly SchemaFault[] {
  const parsed = schema.safeParse(value, parsing);
  return parsed.success ? [] : describeIssues(parsed.error.issues);
}

/** Keeps what was given, and the keys that an object allows (in place of zod's message), for a guess at what was meant. */
const parsing: z.core.ParseContext<z.core.$ZodIssue> = {
  reportInput: true,
  error: (issue) => {
    if (issue.code !== "unrecognized_keys" || issue.inst === undefined || !("shape" in issue.inst._zod.def))
      return undefined;
    return Object.keys(issue.inst._zod.def.shape as object).join(", ");
  },
};

/** Each fault: where, which key, what is allowed, and a guess at what was meant. */
function describeIssues(issues: readonly z.core.$ZodIssue[]): SchemaFault[] {
  return issues.flatMap((issue): SchemaFault[] => {
    const { path } = issue;
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => {
        const guess = didYouMean(key, issue.message.split(", "));
        const message = `unknown key ${JSON.stringify(key)}${inside(path)}${guess || `; allowed: ${issue.message}`}`;
        return { path: [...path, key], message, unknownKey: true };
      });
    }
    const fault = (message: string): SchemaFault[] => [{ path, message, unknownKey: false }];
    const oneOf = (values: readonly unknown[], given: unknown): SchemaFault[] => {
      const allowed = values.map(String);
      const guess = typeof given === "string" ? didYouMean(given, allowed) : "";
      return fault(`${name(path)} must be one of ${allowed.join(", ")}${guess}`);
    };
    if (issue.code === "invalid_value") return oneOf(issue.values, issue.input);
    if (issue.code === "invalid_union") {
      // The key that tells the forms apart has none of their values.
      if ("options" in issue && Array.isArray(issue.options) && "discriminator" in issue)
        return oneOf(issue.options, memberOf(issue.input, issue.discriminator));
      const nearest = issue.errors.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
      if (nearest !== undefined && nearest.length > 0)
        return describeIssues(nearest.map((inner) => ({ ...inner, path: [...path, ...inner.path] })));
    }
    if (issue.code === "invalid_type" && issue.input === undefined) return fault(`${name(path)} is missing`);
    return fault(`${name(path)}: ${issue.message.replace("Invalid input: ", "")}`);
  });
}

const memberOf = (value: unknown, key: unknown): unknown =>
  typeof value === "object" && value !== null && typeof key === "string"
    ? Reflect.get(value, key)
    : undefined;
const depth = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(0, ...issues.map((issue) => issue.path.length));
const name = (path: readonly PropertyKey[]): string =>
  path.length === 0 ? "the document" : path.map(String).join(".");
const inside = (path: readonly PropertyKey[]): string => (path.length === 0 ? "" : ` in ${name(path)}`);
