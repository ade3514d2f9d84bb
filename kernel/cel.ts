import { type CelInput, celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import { bracketDepth } from "./cel-brackets.js";
import { ComityError } from "./errors.js";
import { didYouMean, listWords, printable } from "./words.js";

/** What a rule may cost. A rule this long that no longer ends does not exist in CEL; one that takes seconds does. */
export const celLimits = {
  maxLength: 2000,
  /** Brackets and operators in each other. */
  maxDepth: 64,
  /** `all`, `exists`, `filter` and `map` in each other. */
  maxNestedLoops: 2,
} as const;

/** Of a rule, in what is said of each thing that it is asked of. */
const maxShown = 200;

const env = celEnv();

/** An expression of CEL as the parser gives it. */
export type Expr = ReturnType<typeof parse>["expr"];
/** A map or a message that an expression makes. */
type Struct = Extract<Expr["exprKind"], { readonly case: "structExpr" }>["value"];
/** Evaluates an expression over the values of its variables; an error as its message. */
type Evaluate = (values: CelValues) => { readonly value: unknown } | { readonly fault: string };

/** What the variables of a rule stand for, by their names: plain data. */
export type CelValues = Readonly<Record<string, unknown>>;

/** Why a text cannot be a rule over these variables, in CEL (cel.dev); undefined when it can. */
export function checkCel(text: string, variables: readonly string[]): string | undefined {
  const read = readCel(text, variables);
  return "fault" in read ? read.fault : undefined;
}

/**
 * A rule that a thing must meet: gives undefined for one that does, else which part of the rule it does not meet. A field that is not
 * there, or an answer that is neither true nor false, counts as not met. Throws `ARGUMENT_INVALID`.
 */
export function compileFilter(
  text: string,
  variables: readonly string[],
): (values: CelValues) => string | undefined {
  const parsed = clauses(exprOf(text, variables));
  const texts = clauseTexts(text);
  const parts = parsed.map((expr, index) => ({
    text: printable((texts.length === parsed.length ? texts[index] : undefined) ?? text.trim(), maxShown),
    evaluate: evaluator(expr),
  }));
  return (values) => {
    for (const part of parts) {
      const answer = part.evaluate(values);
      if ("fault" in answer) return `${part.text} cannot be told of it: ${answer.fault}`;
      if (answer.value === false) return `${part.text} is not true of it`;
      if (answer.value !== true) return `${part.text} is neither true nor false of it`;
    }
    return undefined;
  };
}

/** A rule that gives a score: the higher, the better. What it gives no number for has the lowest there is. Throws `ARGUMENT_INVALID`. */
export function compileScore(text: string, variables: readonly string[]): (values: CelValues) => number {
  const evaluate = evaluator(exprOf(text, variables));
  return (values) => {
    const answer = evaluate(values);
    const value = "fault" in answer ? undefined : answer.value;
    const score = typeof value === "bigint" ? Number(value) : value;
    return typeof score === "number" && !Number.isNaN(score) ? score : Number.NEGATIVE_INFINITY;
  };
}

/** The parts of `a && b && c`, so that a refusal can say which. */
function clauses(expr: Expr): readonly Expr[] {
  const kind = expr.exprKind;
  if (kind.case !== "callExpr" || kind.value.function !== "_&&_") return [expr];
  return kind.value.args.flatMap(clauses);
}

/** The texts between the `&&` that stand in no bracket and no quotes. The parser keeps no places, and cannot write loops back. */
function clauseTexts(text: string): readonly string[] {
  const texts = [""];
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|&&|[^]/g)) {
    if ("([{".includes(token)) depth++;
    else if (")]}".includes(token)) depth--;
    if (token === "&&" && depth === 0) texts.push("");
    else texts.push(`${texts.pop() ?? ""}${token}`);
  }
  return texts.map((one) => one.trim());
}

/** Evaluates an expression again and again. */
export function evaluator(expr: Expr): Evaluate {
  const run = plan(env, expr);
  return (values) => {
    const bindings = Object.fromEntries(Object.entries(values).map(([name, one]) => [name, celInput(one)]));
    const value = run(bindings);
    return isCelError(value) ? { fault: printable(value.message, 200) } : { value };
  };
}

/** Plain data for CEL: without the fields that have no value. All numbers are doubles there, so rules write `2.0 * site.x`. */
function celInput(value: unknown): CelInput {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(celInput);
  if (typeof value === "object") {
    const given = Object.entries(value).filter(([, item]) => item !== undefined);
    return new Map(given.map(([key, item]) => [key, celInput(item)]));
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw new ComityError("INTERNAL", `A rule is asked of a ${typeof value}.`);
}

/** A rule as the parser gives it. Throws `ARGUMENT_INVALID`. */
export function exprOf(text: string, variables: readonly string[]): Expr {
  const read = readCel(text, variables);
  if ("fault" in read) {
    throw new ComityError(
      "ARGUMENT_INVALID",
      `The rule ${JSON.stringify(printable(text, 80))} cannot be read as CEL: ${read.fault}.`,
    );
  }
  return read.expr;
}

function readCel(
  text: string,
  variables: readonly string[],
): { readonly expr: Expr } | { readonly fault: string } {
  if (text.length > celLimits.maxLength)
    return { fault: `it is longer than ${celLimits.maxLength} characters` };
  // The parser takes seconds for some hundred brackets in each other, before anybody can count them.
  if (bracketDepth(text) > celLimits.maxDepth) return { fault: "it is nested too deeply" };
  let expr: Expr;
  try {
    expr = parse(text).expr;
  } catch (thrown) {
    // A text of nothing but brackets ends the parser's stack: an error like any other.
    return {
      fault: printable(thrown instanceof Error ? thrown.message : String(thrown), 200).replace(
        "<input>:",
        "",
      ),
    };
  }
  const fault = faultOf(expr, { names: variables, depth: 0, loops: 0 });
  return fault === undefined ? { expr } : { fault };
}

/** The keys and values of a map or a message that an expression makes. */
export const entriesOf = ({ entries }: Struct): readonly (Expr | undefined)[] =>
  entries.flatMap((entry) => [
    entry.keyKind.case === "mapKey" ? entry.keyKind.value : undefined,
    entry.value,
  ]);

interface Inside {
  readonly names: readonly string[];
  readonly depth: number;
  readonly loops: number;
}

/** An unknown name or function, or a rule that could cost too much. */
function faultOf(expr: Expr | undefined, inside: Inside): string | undefined {
  if (expr === undefined) return undefined;
  if (inside.depth > celLimits.maxDepth) return "it is nested too deeply";
  const kind = expr.exprKind;
  const deeper = { ...inside, depth: inside.depth + 1 };
  const first = (parts: readonly (Expr | undefined)[]): string | undefined => {
    for (const part of parts) {
      const fault = faultOf(part, deeper);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
  switch (kind.case) {
    case "identExpr": {
      const { name } = kind.value;
      if (inside.names.includes(name)) return undefined;
      return `there is no ${printable(name, 40)} here${didYouMean(name, inside.names) || `; a rule speaks of ${listWords(inside.names)}`}`;
    }
    case "selectExpr":
      return first([kind.value.operand]);
    case "callExpr": {
      const { function: name, target, args } = kind.value;
      // Operators have names of other letters; some of them are no functions.
      if (/^[a-zA-Z]/.test(name) && env.funcs.find(name) === undefined)
        return `there is no function ${printable(name, 40)}`;
      return first([target, ...args]);
    }
    case "listExpr":
      return first(kind.value.elements);
    case "structExpr": {
      if (kind.value.messageName !== "") return "it makes a message; use a map";
      return first(entriesOf(kind.value));
    }
    case "comprehensionExpr": {
      const loop = kind.value;
      if (inside.loops === celLimits.maxNestedLoops)
        return `it has more than ${celLimits.maxNestedLoops} loops in each other`;
      const names = [...inside.names, loop.iterVar, loop.iterVar2, loop.accuVar].filter(
        (name) => name !== "",
      );
      const within = { names, depth: deeper.depth, loops: inside.loops + 1 };
      const body = [loop.accuInit, loop.loopCondition, loop.loopStep, loop.result];
      return (
        faultOf(loop.iterRange, deeper) ??
        body.map((part) => faultOf(part, within)).find((fault) => fault !== undefined)
      );
    }
    case "constExpr":
    case undefined:
      return undefined;
  }
}
