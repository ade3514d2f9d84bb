import { printable } from "#kernel/words.js";
import type { Finding } from "#node-agent/doctor/finding.js";
import { colour } from "./output.js";

/** What the doctor has found: one line for each check, and below a faulty one what to do. */
export function renderFindings(found: readonly Finding[]): string {
  const width = Math.max(0, ...found.map(({ check }) => check.length));
  return found
    .map(({ check, ok, detail, fix }) => {
      const mark = ok ? colour.green("ok  ") : colour.red("FAIL");
      const line = `${mark}  ${check.padEnd(width)}  ${printable(detail)}`;
      return fix === undefined
        ? line
        : `${line}\n      ${" ".repeat(width)}  ${colour.cyan("fix:")} ${printable(fix)}`;
    })
    .join("\n");
}
