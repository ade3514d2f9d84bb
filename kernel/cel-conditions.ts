import { type CelValues, type Expr, entriesOf, evaluator, exprOf } from "./cel.js";

/** A condition over plain data: true or false; undefined where it cannot be told, for example of a value that is missing. */
type Condition = (values: CelValues) => boolean | undefined;

/** A condition that is asked of many things. Throws `ARGUMENT_INVALID`. */
export function compileCondition(text: string, variables: readonly string[]): Condition {
  const evaluate = evaluator(exprOf(text, variables));
  return (values) => {
    const answer = evaluate(values);
    return "fault" in answer || typeof answer.value !== "boolean" ? undefined : answer.value;
  };
}

/**
 * Why a condition does not fit things of this kind, told by one of them that is made up: an operator has no meaning for the types, or what
 * comes of it is neither true nor false. It says nothing of any value. Throws `ARGUMENT_INVALID`.
 */
export function misfit(text: string, values: CelValues): string | undefined {
  const expr = exprOf(text, Object.keys(values));
  for (const part of partsOf(expr)) {
    const answer = evaluator(part)(values);
    // The order of `&&` and `||` would hide it from the whole.
    if ("fault" in answer && answer.fault.includes("no matching overload")) return answer.fault;
  }
  const whole = evaluator(expr)(values);
  return "fault" in whole || typeof whole.value === "boolean" ? undefined : "it is neither true nor false";
}

/**
 * The fields of a variable that a rule names, as `row.age` or `row["age"]`, each once; or why it is not sure which they are. The rule must be
 * one that {@link checkCel} takes.
 */
export function fieldsOf(
  text: string,
  variable: string,
): { readonly fields: readonly string[] } | { readonly fault: string } {
  const fields = new Set<string>();
  let uses = 0;
  for (const { exprKind: kind } of partsOf(exprOf(text, [variable]), true)) {
    if (kind.case === "identExpr" && kind.value.name === variable) uses++;
    const found = fieldOf(kind, variable);
    if (found === undefined) continue;
    if (found.tested)
      return {
        fault: `has(${variable}.${found.name}) is always true; ask ${variable}.${found.name} != null`,
      };
    fields.add(found.name);
    uses--;
  }
  if (uses === 0) return { fields: [...fields] };
  return { fault: `a field is named as ${variable}.age or ${variable}["age"]` };
}

function fieldOf(
  kind: Expr["exprKind"],
  variable: string,
): { readonly name: string; readonly tested: boolean } | undefined {
  const isVariable = (expr: Expr | undefined): boolean =>
    expr?.exprKind.case === "identExpr" && expr.exprKind.value.name === variable;
  if (kind.case === "selectExpr" && isVariable(kind.value.operand))
    return { name: kind.value.field, tested: kind.value.testOnly };
  if (kind.case !== "callExpr" || kind.value.function !== "_[_]") return undefined;
  const [of, key] = kind.value.args;
  const constant = key?.exprKind.case === "constExpr" ? key.exprKind.value.constantKind : undefined;
  return isVariable(of) && constant?.case === "stringValue"
    ? { name: constant.value, tested: false }
    : undefined;
}

/** An expression and all in it; of a loop only the list it goes over, unless `loops`: the rest has names of its own. */
function* partsOf(expr: Expr | undefined, loops = false): Generator<Expr> {
  if (expr === undefined) return;
  yield expr;
  for (const part of innerOf(expr, loops)) yield* partsOf(part, loops);
}

function innerOf({ exprKind: kind }: Expr, loops: boolean): readonly (Expr | undefined)[] {
  switch (kind.case) {
    case "selectExpr":
      return [kind.value.operand];
    case "callExpr":
      return [kind.value.target, ...kind.value.args];
    case "listExpr":
      return kind.value.elements;
    case "structExpr":
      return entriesOf(kind.value);
    case "comprehensionExpr": {
      const { iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      return loops ? [iterRange, accuInit, loopCondition, loopStep, result] : [iterRange];
    }
    case "identExpr":
    case "constExpr":
    case undefined:
      return [];
  }
}
