import { colour } from "#cli/render/output.js";
import { counted } from "#kernel/words.js";
import type { Result } from "./runner.js";

/** One scenario's line of the table, and under it the reason of a failure. */
export function line({ scenario, failure }: Result): string {
  const { file, line: at, name } = scenario;
  const where = colour.dim(`${file}:${at}`);
  if (failure === undefined) return `${colour.green("passed")}  ${where}  ${name}`;
  const step =
    failure.step === undefined ? "" : `line ${failure.step.line}, ${failure.step.text}\n          `;
  return `${colour.red("failed")}  ${where}  ${name}\n          ${step}${failure.reason}`;
}

/** The last line of the table. */
export function summary(results: readonly Result[]): string {
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const files = new Set(results.map(({ scenario }) => scenario.file)).size;
  return `${counted(results.length, "scenario")} in ${counted(files, "file")}: ${results.length - failed} passed, ${failed} failed`;
}

/** The whole table for programs. */
export function asJson(results: readonly Result[]): string {
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  return JSON.stringify(
    {
      passed: results.length - failed,
      failed,
      scenarios: results.map(({ scenario, failure, durationMs }) => ({
        file: scenario.file,
        line: scenario.line,
        feature: scenario.feature,
        name: scenario.name,
        tags: scenario.tags,
        passed: failure === undefined,
        durationMs: Math.round(durationMs),
        ...(failure === undefined
          ? {}
          : {
              reason: failure.reason,
              ...(failure.step === undefined ? {} : { step: failure.step.text, stepLine: failure.step.line }),
            }),
      })),
    },
    undefined,
    2,
  );
}
