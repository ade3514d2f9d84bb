import type { ColumnSpec } from "./config.js";
import type { Cell } from "./connector.js";

/** Reads a cell `bytes[start, end)`; NaN when it is not allowed there. */
type Decode = (bytes: Buffer, start: number, end: number) => number;

/** How one column is read. */
export interface CellReader {
  readonly decode: Decode;
  /** Set for a category: `decode` gives the index of a class. */
  readonly classes: number | undefined;
  /** For messages. */
  readonly allowed: string;
}

/** The reader for a column of this kind; undefined for text, which is never read. */
export function cellReader(column: ColumnSpec): CellReader | undefined {
  switch (column.type) {
    case "text":
      return undefined;
    case "number":
      return {
        decode: scaled(decodeNumber, column.divide),
        classes: undefined,
        allowed: "a finite number such as 3, -0.5 or 1e-3",
      };
    case "integer":
      return { decode: scaled(decodeInteger, column.divide), classes: undefined, allowed: "a whole number" };
    case "category":
      return categoryReader(column.classes);
  }
}

/** How one column is read exactly. */
export interface ExactReader {
  /** Undefined where the cell is not allowed there. */
  read(bytes: Buffer, start: number, end: number): Cell | undefined;
  readonly isNumeric: boolean;
  /** For messages. */
  readonly allowed: string;
}

/** The reader of a column of this kind that gives values as they are, in float64; an empty cell is a missing value. */
export function exactReader(column: ColumnSpec): ExactReader {
  switch (column.type) {
    case "text":
      return { read: orNull((text) => text), isNumeric: false, allowed: "a text" };
    case "number":
    case "integer": {
      const decode = column.type === "number" ? decodeExact : decodeInteger;
      const kind = column.type === "number" ? "a finite number such as 3, -0.5 or 1e-3" : "a whole number";
      return {
        read: numbers((bytes, start, end) => decode(bytes, start, end) / column.divide),
        isNumeric: true,
        allowed: `${kind}, if whole then below 2^53, or nothing`,
      };
    }
    case "category": {
      const { classes } = column;
      const { decode, allowed } = categoryReader(classes);
      if (typeof classes === "number")
        return { read: numbers(decode), isNumeric: true, allowed: `${allowed}, or nothing` };
      const known = new Set(classes);
      const read = orNull((text) => (known.has(text) ? text : undefined));
      return { read, isNumeric: false, allowed: `${allowed}, or nothing` };
    }
  }
}

const numbers =
  (decode: Decode): ExactReader["read"] =>
  (bytes, start, end) => {
    const value = decode(bytes, start, end);
    if (Number.isFinite(value)) return value;
    for (let at = start; at < end; at++) if (!isBlank(bytes[at])) return undefined;
    return null;
  };

const orNull =
  (read: (text: string) => Cell | undefined): ExactReader["read"] =>
  (bytes, start, end) => {
    const text = bytes.toString("utf8", start, end).trim();
    return text === "" ? null : read(text);
  };

function categoryReader(classes: number | readonly string[]): CellReader {
  if (typeof classes === "number") {
    const decode: Decode = (bytes, start, end) => {
      const value = decodeInteger(bytes, start, end);
      return value >= 0 && value < classes ? value : Number.NaN;
    };
    return { decode, classes, allowed: `a whole number from 0 to ${classes - 1}` };
  }
  const indexes = new Map(classes.map((name, index) => [name, index]));
  const decode: Decode = (bytes, start, end) =>
    indexes.get(bytes.toString("utf8", start, end).trim()) ?? Number.NaN;
  const shown = classes.slice(0, 10).map((name) => JSON.stringify(name));
  const allowed = `one of ${shown.join(", ")}${classes.length > shown.length ? `, … (${classes.length} classes)` : ""}`;
  return { decode, classes: classes.length, allowed };
}

function scaled(decode: Decode, divide: number): Decode {
  return (bytes, start, end) => {
    const value = decode(bytes, start, end) / divide;
    return Number.isFinite(Math.fround(value)) ? value : Number.NaN;
  };
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Whole numbers below 10^15 straight from the bytes, as most cells of wide tables are; all else through the text. */
function decodeNumber(bytes: Buffer, start: number, end: number): number {
  while (start < end && isBlank(bytes[start])) start++;
  while (end > start && isBlank(bytes[end - 1])) end--;
  if (end === start) return Number.NaN;
  if (end - start <= 15) {
    let value = 0;
    let at = start;
    for (; at < end; at++) {
      const digit = (bytes[at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === end) return value;
  }
  const text = bytes.toString("latin1", start, end);
  return numberPattern.test(text) ? Number(text) : Number.NaN;
}

const wholePattern = /^[ \t]*[+-]?\d+\.?0*[ \t]*$/;

/** A whole number beyond 2^53 would be rounded without a word. */
function decodeExact(bytes: Buffer, start: number, end: number): number {
  const value = decodeNumber(bytes, start, end);
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  return wholePattern.test(bytes.toString("latin1", start, end)) ? Number.NaN : value;
}

function decodeInteger(bytes: Buffer, start: number, end: number): number {
  const value = decodeNumber(bytes, start, end);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
