import type { Json } from "#kernel/json.js";
import { Recent } from "#kernel/recent.js";
import { refusalOf } from "../measure.js";
import type { Ask } from "../model.js";
import { type FastExpression, parseFast } from "./parser.js";
import { Budget, notFast } from "./values.js";

/** Longer ones are for jq. */
const maxLength = 1024;

/** Parsed expressions that are kept, with those that are known to be for jq. */
const maxKept = 2000;

/** Answers simple expressions in process, exactly as jq would; knows which ones those are. */
export class FastPath {
  readonly #parsed = new Recent<string, FastExpression | "for jq">(maxKept);

  /** The answers of an ask; undefined when any of its expressions is for jq, and whenever jq would give an error. */
  answers({ input, variables, expressions }: Ask): readonly Json[] | undefined {
    const answers: Json[] = [];
    const scope = { variables, budget: new Budget() };
    try {
      for (const expression of expressions) {
        const { node, names } = this.#parse(expression);
        for (const name of names) if (!Object.hasOwn(variables, name)) return undefined;
        answers.push(node(input, scope) ?? null);
      }
      return refusalOf(answers) === undefined ? answers : undefined;
    } catch (error) {
      if (error === notFast) return undefined;
      throw error;
    }
  }

  #parse(text: string): FastExpression {
    if (text.length > maxLength) throw notFast;
    const known = this.#parsed.get(text) ?? this.#parsed.set(text, parsed(text));
    if (known === "for jq") throw notFast;
    return known;
  }
}

function parsed(text: string): FastExpression | "for jq" {
  try {
    return parseFast(text);
  } catch (error) {
    if (error === notFast) return "for jq";
    throw error;
  }
}
