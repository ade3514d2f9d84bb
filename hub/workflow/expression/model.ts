import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";

/** Some expressions over one input: the question of one task. They are answered together. */
export interface Ask {
  /** What `.` stands for. */
  readonly input: Json;
  /** Variables by name, without the dollar sign. */
  readonly variables: Readonly<Record<string, Json>>;
  /** jq programs, without the `${ }` around them. */
  readonly expressions: readonly string[];
  /** What `now` stands for: the journal's time, in milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Why an expression has no answer: its own error, jq that cannot be read or names an unknown variable, too much time,
 * too large an input or answer, or too much memory or depth.
 */
export type ExpressionFault = "runtime" | "compile" | "time" | "input" | "output" | "memory";

/** Which expression failed, and why. */
interface FailedExpression {
  /** Its place in the ask. */
  readonly index: number;
  readonly expression: string;
  readonly reason: ExpressionFault;
}

/** An expression has no answer: code `EXPRESSION_FAILED`. */
export class ExpressionError extends ComityError {
  readonly index: number;
  readonly expression: string;
  readonly reason: ExpressionFault;

  constructor(message: string, failed: FailedExpression, hint?: string) {
    super("EXPRESSION_FAILED", message, hint === undefined ? {} : { hint });
    this.index = failed.index;
    this.expression = failed.expression;
    this.reason = failed.reason;
  }
}

/** Why an expression cannot be compiled. */
export interface Uncompilable {
  /** A sentence, with the place within the expression. */
  readonly why: string;
  /** The variable, without the dollar sign, that it names and that is not there: the whole fault. */
  readonly variable?: string;
  /** To compile it takes more work than an expression may cost: whether it is jq is not known. */
  readonly tooMuch?: true;
}

/** Evaluates jq. Each expression gives its first output, or null when it gives none. */
export interface Expressions {
  /** The answers when all expressions are simple enough to be answered at once; undefined when jq is needed, also to say what is wrong. */
  evaluateNow(ask: Ask): readonly Json[] | undefined;
  /** The answers, by jq itself where needed. Rejects with {@link ExpressionError}. */
  evaluate(ask: Ask): Promise<readonly Json[]>;
  /** Undefined when the expression can be compiled with these variables (names without the dollar sign), else why not. */
  check(expression: string, variables: readonly string[]): Promise<Uncompilable | undefined>;
  close(): Promise<void>;
}
