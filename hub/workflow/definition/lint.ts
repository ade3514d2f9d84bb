import type { Expressions, Uncompilable } from "#hub/workflow/expression/model.js";
import { ComityError } from "#kernel/errors.js";
import { closestWord, counted, listWords, printable } from "#kernel/words.js";
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
  findings.push(...(await expressionFindings(document.expressions, ports)));
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

/** Expressions that take too much work, after which the others are not looked at: each of them ends a thread. */
const maxTooMuch = 2;

/** An honest expression takes a millisecond or two; those that come near their limit, one after the other, end here. */
const maxWorkMs = 10_000;

async function expressionFindings(
  expressions: readonly PlacedExpression[],
  ports: LintPorts,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const sinceMs = performance.now();
  let tooMuch = 0;
  for (const [at, found] of expressions.entries()) {
    if (tooMuch >= maxTooMuch || performance.now() - sinceMs > maxWorkMs) {
      findings.push(unseen(found, expressions.length - at));
      break;
    }
    const fault = await ports.expressions.check(found.program, found.variables);
    if (fault === undefined) continue;
    if (fault.tooMuch === true) tooMuch++;
    findings.push(expressionFinding(found, fault));
  }
  return findings;
}

/** The first of those that were not looked at. */
function unseen({ pointer, line, column }: PlacedExpression, count: number): Finding {
  return {
    severity: "error",
    code: "jq-invalid",
    message: `The expressions before this one take too much work; ${counted(count, "more expression")} ${count === 1 ? "was" : "were"} not looked at.`,
    hint: "An expression is for small things; split those that are named, or leave them out.",
    pointer,
    line,
    column,
  };
}

function expressionFinding(found: PlacedExpression, { why, variable }: Uncompilable): Finding {
  const { variables, pointer, line, column } = found;
  const place = { severity: "error", pointer, line, column } as const;
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
