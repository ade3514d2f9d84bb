import { printable } from "#kernel/words.js";
import { colour, isTerminal, terminalColumns } from "./output.js";

/** One column of a table. */
interface TableColumn<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
}

interface TableStyle {
  /** Columns of the terminal: the last cell of a line is cut to fit. */
  readonly width?: number;
  readonly header?: (text: string) => string;
}

/** Rows in aligned columns under a line of titles. Text from outside is made safe to print. */
export function renderTable<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  style: TableStyle = {},
): string {
  const { width = terminalColumns(), header = isTerminal ? colour.bold : (text: string) => text } = style;
  const cells = rows.map((row) => columns.map((column) => printable(column.value(row))));
  const widths = columns.map((column, at) =>
    Math.max(...[column.title, ...cells.map((row) => row[at] ?? "")].map(displayWidth)),
  );
  const line = (texts: readonly string[]): string => {
    const padded = texts.map((text, at) => {
      const space = " ".repeat(Math.max(0, (widths[at] ?? 0) - displayWidth(text)));
      return columns[at]?.right === true ? space + text : text + space;
    });
    return cut(padded.join("  ").trimEnd(), width);
  };
  return [header(line(columns.map((column) => column.title))), ...cells.map(line)].join("\n");
}

/** Names and values, one a line, the values aligned; empty values are left out. */
export function renderFields(fields: readonly (readonly [name: string, value: string])[]): string {
  const shown = fields.filter(([, value]) => value !== "");
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${colour.dim(name.padEnd(width))}  ${printable(value)}`).join("\n");
}

/** Columns that a text takes in a terminal: 2 for wide signs (East Asian, emoji), 0 for marks that combine. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const sign of text) width += signWidth(sign);
  return width;
}

/** Cuts a text to a number of columns; the cut is shown by `…`. */
export function cut(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const sign of text) {
    width += signWidth(sign);
    if (width > columns - 1) break;
    kept += sign;
  }
  return `${kept}…`;
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const combining = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const signWidth = (sign: string): number => (combining.test(sign) ? 0 : wide.test(sign) ? 2 : 1);
