import type { Expressions } from "#hub/workflow/expression/model.js";
import { ComityError } from "#kernel/errors.js";
import { closestWord, listWords, printable } from "#kernel/words.js";
import { callFindings, type FunctionCatalogue } from "./calls.js";
import type { PlacedExpression } from "./examine.js";
import { examineInThread } from "./examiner.js";
import { byPlace, type Finding, findingLine } from "./finding.js";
import type { Workflow } from "./model.js";

/** What the linter asks of the rest of the hub. */
export interface LintPorts {
  readonly expressions: Pick<Expressions, "check">;
  readonly functions: FunctionCatalogue;
}

/** A document that can be published and run. */
export interface Definition {
  readonly workflow: Workflow;
  /** Canonical JSON (RFC 8785): the same workflow has the same text, however it was written. */
  readonly json: string;
  /** The digest of the canonical JSON, in hexadecimal: the name of this version for ever. */
  readonly sha256: string;
}

export interface Linted {
  /** In the order of the text. */
  readonly findings: readonly Finding[];
  /** Present when no finding is an error. */
  readonly definition?: Definition;
}

/** Everything that can be told of a definition before it runs. The text is YAML or JSON, and may mean harm. */
export async function lintDefinition(text: string, ports: LintPorts): Promise<Linted> {
  const { findings: seen, document } = await examineInThread(text);
  if (document === undefined) return { findings: seen };
  const findings = [...seen];
  for (const call of document.calls) findings.push(...callFindings(call, document, ports.functions));
  for (const expression of document.expressions) {
    const finding = await expressionFinding(expression, ports);
    if (finding !== undefined) findings.push(finding);
  }
  findings.sort(byPlace);
  if (findings.some((finding) => finding.severity === "error")) return { findings };
  const { json, sha256 } = document;
  return { findings, definition: { workflow: JSON.parse(json) as Workflow, json, sha256 } };
}

/** The definition in a text; throws `WORKFLOW_INVALID` with a line for each error. `file` is its name in messages. */
export async function parseDefinition(
  text: string,
  ports: LintPorts,
  file = "workflow",
): Promise<Definition> {
  const { findings, definition } = await lintDefinition(text, ports);
  if (definition !== undefined) return definition;
  const errors = findings.filter((finding) => finding.severity === "error");
  throw new ComityError("WORKFLOW_INVALID", errors.map((finding) => findingLine(finding, file)).join("\n"));
}

async function expressionFinding(found: PlacedExpression, ports: LintPorts): Promise<Finding | undefined> {
  const { program, variables, pointer, line, column } = found;
  const fault = await ports.expressions.check(program, variables);
  if (fault === undefined) return undefined;
  const place = { severity: "error", pointer, line, column } as const;
  const { why, variable } = fault;
  if (variable === undefined) {
    const said = printable(why.replace(/\s+/g, " ").trim(), 300);
    return { ...place, code: "jq-invalid", message: `This cannot be read as jq: ${said}` };
  }
  const meant = closestWord(variable, variables);
  return {
    ...place,
    code: "undefined-variable",
    message: `There is no variable $${variable} here${meant === undefined ? "." : `; did you mean "$${meant}"?`}`,
    hint: `There are ${listWords(variables.map((name) => `$${name}`))}.`,
  };
}
