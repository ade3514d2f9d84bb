import type { Json, JsonObject } from "#kernel/json.js";
import type { Schema } from "../definition/parts.js";
import { type Ask, ExpressionError } from "../expression/model.js";
import { secretNames } from "../expression/secret-names.js";
import { bare, expressionsIn, substitute } from "../expression/template.js";
import type { SchemaRequest } from "../schema/model.js";
import type { Draft } from "./draft.js";
import { Fault, fault, standardError } from "./errors.js";
import { type View, variables } from "./scope.js";
import { secretsOf } from "./secrets.js";

/** What a transition wants to know: the answers of expressions, or why a value does not fit a schema, as a text or nothing. */
export type Question = Ask | SchemaRequest;

/** A part of a transition that may ask. */
export type Asking<T> = Generator<Question, T, readonly Json[]>;

/** The answers of some programs, asked for together. Throws a {@link Fault} of type `expression`. */
export function* evaluate(view: View, expressions: readonly string[]): Asking<readonly Json[]> {
  const { draft, id, stage, input } = view;
  if (expressions.length === 0) return [];
  if (stage.secrets) checkSecrets(draft, expressions);
  const ask = {
    input,
    variables: variables(draft, id, stage, expressions),
    expressions,
    nowMs: draft.nowMs,
  };
  try {
    return yield ask;
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    throw expressionFault(thrown);
  }
}

/** A fault that knows which of the expressions it was. */
export class ExpressionFault extends Fault {
  readonly index: number;

  constructor(thrown: ExpressionError) {
    const title = "An expression has no answer";
    super(standardError("expression", title, { detail: thrown.message }));
    this.index = thrown.index;
  }
}

const expressionFault = (thrown: ExpressionError): Fault => new ExpressionFault(thrown);

/** The answer of one expression, written with `${ }` or without. */
export function* answer(view: View, expression: string): Asking<Json> {
  return (yield* evaluate(view, [bare(expression)]))[0] ?? null;
}

/** Whether a condition is met: neither false nor null, as in jq. */
export function* holds(view: View, condition: string): Asking<boolean> {
  return isTrue(yield* answer(view, condition));
}

export const isTrue = (value: Json | undefined): boolean =>
  value !== undefined && value !== null && value !== false;

/** A template with its expressions replaced by their answers. */
export function* fill(view: View, template: Json): Asking<Json> {
  const found = expressionsIn(template);
  if (found.length === 0) return template;
  return substitute(
    template,
    yield* evaluate(
      view,
      found.map(({ expression }) => expression),
    ),
  );
}

/** What `from` or `as` makes of a value: an expression or a template; without a rule the value itself. */
export function* transformed(view: View, rule: string | JsonObject | undefined): Asking<Json> {
  if (rule === undefined) return view.input;
  return typeof rule === "string" ? yield* answer(view, rule) : yield* fill(view, rule);
}

/** Throws a {@link Fault} of type `validation` when the value does not fit the schema. */
export function* validate(schema: Schema | undefined, value: Json, noun: string): Asking<void> {
  if (schema === undefined) return;
  if (!("document" in schema))
    throw fault(
      "configuration",
      `The schema of ${noun} is elsewhere`,
      "Only schemas that stand in the workflow itself (`document`) are supported.",
    );
  const { format = "json" } = schema;
  if (format !== "json" && !format.startsWith("json:"))
    throw fault(
      "configuration",
      `The schema of ${noun} has the format ${format}`,
      "Only `json` is supported.",
    );
  const [why] = yield { schema: schema.document, value };
  if (why !== undefined) throw fault("validation", `${noun} does not fit its schema`, why as string);
}

/** The specification asks for an authorization error where a secret is used that the workflow may not have. */
function checkSecrets(draft: Draft, expressions: readonly string[]): void {
  const known = secretsOf(draft.program.workflow, draft.state.info);
  for (const name of expressions.flatMap(secretNames)) {
    if (name !== undefined && !Object.hasOwn(known, name))
      throw fault(
        "authorization",
        `The workflow has no secret ${name}`,
        "A secret must stand in use.secrets, and the hub must have it.",
      );
  }
}
