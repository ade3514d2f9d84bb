import { type Expressions, ExpressionError } from "../expression/model.js";
import { interpret } from "./interpret.js";
import type { JournalEvent, RunState, Transition } from "./model.js";
import type { Program } from "./program.js";
import type { Json } from "#kernel/json.js";
import type { Ask } from "../expression/model.js";
import type { Asking } from "./dataflow.js";

/**
 * What one event makes of a run, with its expressions answered: at once where all of them are simple, else as a promise. An
 * expression that fails is an error of the workflow; anything else that goes wrong while answering is thrown, and nothing has happened.
 */
export function transition(
  program: Program,
  state: RunState | undefined,
  event: JournalEvent,
  expressions: Expressions,
): Transition | Promise<Transition> {
  const run = interpret(program, state, event);
  let turn = run.next();
  while (!turn.done) {
    const next = answerNow(run, turn.value, expressions);
    if (next === undefined) return goOn(run, turn.value, expressions);
    turn = next;
  }
  return turn.value;
}

type Turn = IteratorResult<Ask, Transition>;

function answerNow(run: Asking<Transition>, ask: Ask, expressions: Expressions): Turn | undefined {
  let answers: readonly Json[] | undefined;
  try {
    answers = expressions.evaluateNow(ask);
  } catch (thrown) {
    return refused(run, thrown);
  }
  return answers === undefined ? undefined : run.next(answers);
}

async function goOn(run: Asking<Transition>, first: Ask, expressions: Expressions): Promise<Transition> {
  let turn = await answer(run, first, expressions);
  while (!turn.done)
    turn = answerNow(run, turn.value, expressions) ?? (await answer(run, turn.value, expressions));
  return turn.value;
}

async function answer(run: Asking<Transition>, ask: Ask, expressions: Expressions): Promise<Turn> {
  let answers: readonly Json[];
  try {
    answers = await expressions.evaluate(ask);
  } catch (thrown) {
    return refused(run, thrown);
  }
  return run.next(answers);
}

function refused(run: Asking<Transition>, thrown: unknown): Turn {
  if (thrown instanceof ExpressionError) return run.throw(thrown);
  throw thrown;
}
