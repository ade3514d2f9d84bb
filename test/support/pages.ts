import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The folder of the checkout, with a `/` at its end. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A page of the documentation, by its path in the checkout. */
export const readPage = (path: string): Promise<string> => readFile(root + path, "utf8");

/** The cells of every row of the tables in a piece of Markdown, without heads and rules. */
export function rowsOf(markdown: string): string[][] {
  const lines = markdown.split("\n");
  const isRow = (line: string | undefined): boolean => line?.startsWith("| ") === true;
  const isRule = (line: string | undefined): boolean => /^\| -+ \|/.test(line ?? "");
  return lines
    .filter((line, at) => isRow(line) && !isRule(line) && !isRule(lines[at + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll("\\|", "|")),
    );
}
