import { quoted } from "../errors.js";
import type { AnswerFacts, Strategy } from "./strategy.js";

/**
 * Why an answer cannot be folded by a strategy, whatever its tensors hold: a figure that the strategy needs is missing, or makes
 * no sense. Undefined when it can. Whoever folds leaves such answers out first: the fold throws.
 */
export function answerFault(strategy: Strategy, answer: AnswerFacts): string | undefined {
  for (const name of strategy.needs.figures ?? []) {
    const figure = Object.hasOwn(answer.figures, name) ? answer.figures[name] : undefined;
    if (figure === undefined) return `it has no figure ${quoted(name)}, which ${strategy.name} needs`;
    if (!Number.isFinite(figure)) return `its figure ${quoted(name)} is ${figure}`;
  }
  return strategy.fault?.(answer);
}
