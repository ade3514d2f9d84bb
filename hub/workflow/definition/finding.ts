/** Where something stands in a document's text; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What a finding is about; docs/reference/workflow-language.md has a line for each, and a test holds the two together. */
export const findingCodes = [
  "alias",
  "argument-invalid",
  "attribute-unknown",
  "cel-invalid",
  "cron-invalid",
  "directive",
  "duplicate-key",
  "duplicate-name",
  "empty",
  "endless",
  "expression-in-text",
  "expression-missing",
  "expression-nested",
  "jq-invalid",
  "jump-nowhere",
  "key-invalid",
  "many-documents",
  "merge-key",
  "missing-key",
  "name-reserved",
  "number-invalid",
  "recursive",
  "retry-unlimited",
  "secret-misplaced",
  "tag",
  "text-invalid",
  "too-deep",
  "too-large",
  "too-many-keys",
  "too-many-values",
  "too-slow",
  "two-defaults",
  "undefined-authentication",
  "undefined-catalog",
  "undefined-error",
  "undefined-function",
  "undefined-retry",
  "undefined-secret",
  "undefined-timeout",
  "undefined-variable",
  "unknown-key",
  "unreachable",
  "unsupported",
  "version-not-pinned",
  "wrong-type",
  "wrong-value",
  "yaml-syntax",
] as const;
export type FindingCode = (typeof findingCodes)[number];

/** One fault of a document, or one doubt about it. */
export interface Finding extends Place {
  /** With an error the document cannot be published or run; a warning is advice. */
  readonly severity: "error" | "warning";
  /** Stable: what programs may decide by. */
  readonly code: FindingCode;
  /** One sentence: what is wrong, and a guess at what was meant. */
  readonly message: string;
  /** The JSON Pointer of the value (or of the key's value); empty for the whole document. */
  readonly pointer: string;
  /** What to do, or what is allowed. */
  readonly hint?: string;
}

/** In the order of the text. */
export function byPlace(a: Finding, b: Finding): number {
  return a.line - b.line || a.column - b.column || (a.message < b.message ? -1 : 1);
}

/** `file:3:7: message`, as compilers write it. */
export function findingLine(finding: Finding, file: string): string {
  const kind = finding.severity === "warning" ? "warning: " : "";
  const hint = finding.hint === undefined ? "" : ` ${finding.hint}`;
  return `${file}:${finding.line}:${finding.column}: ${kind}${finding.message}${hint} [${finding.code}]`;
}
