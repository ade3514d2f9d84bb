import { type Deferred, deferred } from "#kernel/async.js";
import type { Json } from "#kernel/json.js";
import { Batches, type Outcome } from "./batches.js";
import { FastPath } from "./fast/fast.js";
import { expressionLimits } from "./limits.js";
import { refusalOf, refusalText } from "./measure.js";
import {
  type Ask,
  ExpressionError,
  type ExpressionFault,
  type Expressions,
  type Uncompilable,
} from "./model.js";
import { namesIn, type Part, type Piece } from "./program.js";

/** jq in a thread, and a fast path beside it. What is asked while jq is at work is answered together by its next program. */
export class JqExpressions implements Expressions {
  readonly #fast = new FastPath();
  readonly #batches = new Batches();
  readonly #queue: { readonly piece: Piece; readonly waiting: Deferred<readonly Outcome[]> }[] = [];
  #working = false;

  evaluateNow(ask: Ask): readonly Json[] | undefined {
    return this.#fast.answers(ask);
  }

  async evaluate(ask: Ask): Promise<readonly Json[]> {
    const answers = this.evaluateNow(ask);
    return answers ?? this.#byJq(ask);
  }

  async check(expression: string, variables: readonly string[]): Promise<Uncompilable | undefined> {
    if (Buffer.byteLength(expression) > expressionLimits.maxExpressionBytes) return { why: tooLong };
    return this.#batches.check({ text: expression, names: namesIn(expression, variables) });
  }

  async close(): Promise<void> {
    await this.#batches.close();
  }

  async #byJq(ask: Ask): Promise<readonly Json[]> {
    const answers: Json[] = [];
    for (const piece of piecesOf(ask)) {
      for (const outcome of await this.#answer(piece)) {
        if ("reason" in outcome) throw failure(ask, answers.length, outcome.reason, outcome.message);
        answers.push(outcome.value);
      }
    }
    return answers;
  }

  #answer(piece: Piece): Promise<readonly Outcome[]> {
    const waiting = deferred<readonly Outcome[]>();
    this.#queue.push({ piece, waiting });
    if (!this.#working) void this.#work();
    return waiting.promise;
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.#batchSize());
      try {
        const outcomes = await this.#batches.run(batch.map(({ piece }) => piece));
        batch.forEach(({ waiting }, index) => waiting.resolve(outcomes[index] ?? []));
      } catch (error) {
        for (const { waiting } of batch) waiting.reject(error);
      }
    }
    this.#working = false;
  }

  /** How many of those that wait fit into one program; at least one. */
  #batchSize(): number {
    let expressions = 0;
    let bytes = 0;
    const beyond = this.#queue.findIndex(({ piece }) => {
      expressions += piece.parts.length;
      bytes += piece.data.length;
      return expressions > expressionLimits.maxBatch || bytes > expressionLimits.maxBytes;
    });
    return beyond === -1 ? this.#queue.length : Math.max(1, beyond);
  }
}

const tooLong = `It is longer than ${expressionLimits.maxExpressionBytes >> 10} KiB.`;

/** An ask in pieces that fit into one program each. Only variables that are named go along. */
function piecesOf(ask: Ask): readonly Piece[] {
  const defined = Object.keys(ask.variables);
  const parts = ask.expressions.map((text, index): Part => {
    if (Buffer.byteLength(text) > expressionLimits.maxExpressionBytes)
      throw failure(ask, index, "input", tooLong);
    return { text, names: namesIn(text, defined) };
  });
  const names = new Set(parts.flatMap((part) => part.names));
  const data = {
    i: ask.input,
    v: Object.fromEntries([...names].map((name) => [name, ask.variables[name] ?? null])),
  };
  const refusal = refusalOf(data);
  if (refusal !== undefined)
    throw failure(ask, 0, "input", `The input with the variables ${refusalText[refusal]}.`);
  const piece = { data: JSON.stringify(data), nowMs: ask.nowMs };
  const pieces: Piece[] = [];
  for (let at = 0; at < parts.length; at += expressionLimits.maxBatch)
    pieces.push({ ...piece, parts: parts.slice(at, at + expressionLimits.maxBatch) });
  return pieces;
}

const hints: Readonly<Record<ExpressionFault, string>> = {
  runtime: "`?` ends such an error, and `//` gives another value where there is none.",
  compile: "`comity workflow lint FILE` shows where; the language is jq 1.8.",
  time: "An expression is for small things; work of this size belongs in a task.",
  input: "Keep large data in results or models, and pass on where they are.",
  output: "Keep large data in results or models, and pass on where they are.",
  memory: "An expression is for small things; work of this size belongs in a task.",
};

/** The longest part of an expression that an error shows. */
const maxShown = 120;

function failure(ask: Ask, index: number, reason: ExpressionFault, message: string): ExpressionError {
  const expression = ask.expressions[index] ?? "";
  const shown = expression.length > maxShown ? `${expression.slice(0, maxShown)}…` : expression;
  const text = `The expression \${ ${shown} } failed: ${message}`;
  return new ExpressionError(text, { index, expression, reason }, hints[reason]);
}
