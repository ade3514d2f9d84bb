import type { Assignment } from "#hub/assignments/model.js";
import { inputsOf } from "#hub/assignments/offer.js";
import type { Stage } from "#hub/assignments/stage.js";
import type { SiteId } from "#kernel/ids.js";
import type { Answer, Collected, Left } from "../script.js";

/** What a stage has come to, from its rows: the same whether it is told live or played again. */
export function collected(
  stage: Stage,
  assignments: readonly Assignment[],
  position: number,
  short = stage.short,
): Collected {
  const delivered = assignments.filter(({ state }) => state === "delivered");
  const { atLeast } = stage.rule;
  // Too few to let anything out: the script gets nothing that it could.
  const isTooFew = sitesBehind(delivered) < atLeast;
  return {
    is: "collected",
    stage: stage.stage,
    answers: isTooFew ? [] : delivered.map((one) => answerOf(stage, one, position)),
    left: assignments.flatMap((one): Left[] => {
      const { site, kind, state, reason } = one;
      return state === "delivered" ? [] : [{ site, kind, state, reason: reason ?? state }];
    }),
    unasked: stage.unasked,
    asked: assignments.length,
    population: stage.population,
    atLeast,
    short,
  };
}

/** How many sites stand behind some answers; one that has answered twice is still the same. */
export function sitesBehind(answers: readonly { readonly site: SiteId; readonly behind: number }[]): number {
  const behind = new Map<SiteId, number>();
  for (const one of answers) behind.set(one.site, Math.max(behind.get(one.site) ?? 0, one.behind));
  return [...behind.values()].reduce((sum, own) => sum + own, 0);
}

/** One answer; `position`: that of the round that takes it. */
export function answerOf(stage: Stage, one: Assignment, position: number): Answer {
  const { id, site, samples, metrics, value, update, behind, issued, dataVersion } = one;
  return {
    assignment: id,
    site,
    samples,
    figures: metrics,
    value,
    tensors: update,
    behind,
    stale: position - 1 - issued,
    base: inputsOf(stage, one)["base"],
    dataVersion,
  };
}
