import type { Json } from "#kernel/json.js";
import { ExpressionError, type Expressions } from "../expression/model.js";
import type { SchemaReply, Schemas } from "../schema/model.js";
import type { Asking, Question } from "./dataflow.js";
import type { JournalFormat } from "./format.js";
import { interpret } from "./interpret.js";
import type { JournalEvent, RunState, Transition } from "./model.js";
import type { Program } from "./program.js";

/** Who answers the questions of a transition. */
export interface Answering {
  readonly expressions: Expressions;
  readonly schemas: Schemas;
}

/**
 * What one event makes of a run, with its questions answered: at once where all of them are simple, else as a promise. An
 * expression that fails is an error of the workflow; anything else that goes wrong while answering is thrown, and nothing has happened.
 */
export function transition(
  program: Program,
  state: RunState | undefined,
  event: JournalEvent,
  format: JournalFormat,
  answering: Answering,
): Transition | Promise<Transition> {
  const run = interpret(program, state, event, format);
  const reached = advance(run, run.next(), answering);
  return reached instanceof Promise ? goOn(run, reached, answering) : reached;
}

type Answers = readonly Json[];
type Turn = IteratorResult<Question, Transition>;

/** Goes on as long as the answers come at once; gives those that are waited for otherwise. */
function advance(run: Asking<Transition>, first: Turn, answering: Answering): Transition | Promise<Answers> {
  let turn = first;
  while (!turn.done) {
    let answers: Answers | Promise<Answers>;
    try {
      answers = answer(turn.value, answering);
    } catch (thrown) {
      turn = refused(run, thrown);
      continue;
    }
    if (answers instanceof Promise) return answers;
    turn = run.next(answers);
  }
  return turn.value;
}

async function goOn(
  run: Asking<Transition>,
  first: Promise<Answers>,
  answering: Answering,
): Promise<Transition> {
  let waiting = first;
  for (;;) {
    const reached = advance(run, await told(run, waiting), answering);
    if (!(reached instanceof Promise)) return reached;
    waiting = reached;
  }
}

async function told(run: Asking<Transition>, waiting: Promise<Answers>): Promise<Turn> {
  let answers: Answers;
  try {
    answers = await waiting;
  } catch (thrown) {
    return refused(run, thrown);
  }
  return run.next(answers);
}

function answer(question: Question, { expressions, schemas }: Answering): Answers | Promise<Answers> {
  if ("expressions" in question) return expressions.evaluateNow(question) ?? expressions.evaluate(question);
  const reply = schemas.check(question);
  return reply instanceof Promise ? reply.then(answersOf) : answersOf(reply);
}

const answersOf = ({ why }: SchemaReply): Answers => (why === undefined ? [] : [why]);

function refused(run: Asking<Transition>, thrown: unknown): Turn {
  if (thrown instanceof ExpressionError) return run.throw(thrown);
  throw thrown;
}
