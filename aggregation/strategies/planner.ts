import { quoted } from "../errors.js";
import { strategies } from "./index.js";
import { readOptions } from "./options.js";
import type { Strategy } from "./strategy.js";

/** How a plan brings a strategy and its answers together. */
export interface PlannedFold {
  /** `barrier`: a set of answers from one model. `stream`: whichever come first, from several models. `secure`: only their sum. */
  readonly collect: "barrier" | "stream" | "secure";
  /** The least number of answers that a fold begins with, where the plan says it. */
  readonly sites?: number;
  /** What the sites' work can give. */
  readonly work: {
    readonly name: string;
    /** Figures that every answer has. */
    readonly figures: readonly string[];
    /** Groups of tensors besides the model. */
    readonly groups: readonly string[];
    /** Whether it can keep state at the site from round to round. */
    readonly siteState: boolean;
  };
}

/** Why a plan cannot be, and what can, each a sentence for people. */
export interface PlanFault {
  readonly fault: string;
  readonly alternative: string;
}

/**
 * Refuses what cannot work before a run exists: wrong options, and a strategy that needs more of the answers than the plan gives. By
 * the strategies' declarations alone. `options` are those of the plan, defaults not filled in.
 */
export function checkStrategy(
  strategy: Strategy,
  options: unknown,
  planned: PlannedFold,
): PlanFault | undefined {
  const read = readOptions(strategy, options);
  if ("fault" in read) {
    const standard = readOptions(strategy, {});
    const example = "options" in standard ? JSON.stringify(standard.options) : "{}";
    return { fault: read.fault, alternative: `Its defaults are ${example}.` };
  }
  const misfit = misfitOf(strategy, read.options, planned);
  if (misfit === undefined) return undefined;
  const others = strategies.filter((other) => other !== strategy && fits(other, planned));
  const take = others.length === 0 ? "" : `, or take ${others.map(({ name }) => name).join(", ")}`;
  return { fault: misfit.fault, alternative: `${misfit.cure}${take}.` };
}

/** Whether a strategy goes with a plan as it is. */
function fits(strategy: Strategy, planned: PlannedFold): boolean {
  const read = readOptions(strategy, {});
  return "options" in read && misfitOf(strategy, read.options, planned) === undefined;
}

interface Misfit {
  readonly fault: string;
  /** What to change in the plan, without the full stop. */
  readonly cure: string;
}

function misfitOf(strategy: Strategy, options: unknown, planned: PlannedFold): Misfit | undefined {
  const { name, needs } = strategy;
  const { collect, sites, work } = planned;
  if (collect === "stream" && needs.stale !== true) {
    const fault = `${name} has no meaning for answers that were made from different models, as a stream brings them.`;
    return { fault, cure: "Collect round by round" };
  }
  if (collect !== "stream" && needs.stale === true)
    return { fault: `${name} is made for a stream of answers.`, cure: "Collect in a stream" };
  if (collect === "secure" && needs.of === "each") {
    const fault = `${name} looks at every site's answer by itself, and a secure sum shows none.`;
    return { fault, cure: "Leave the secure sum out" };
  }
  const figure = needs.figures?.find((one) => !work.figures.includes(one));
  if (figure !== undefined) {
    const fault = `${name} needs the figure ${quoted(figure)} of each site, which the work ${work.name} does not tell.`;
    return { fault, cure: "Let the sites do other work" };
  }
  const group = needs.groups?.find((one) => !work.groups.includes(one));
  if (group !== undefined) {
    const fault = `${name} needs the tensors ${quoted(group)} of each site, which the work ${work.name} does not give.`;
    return { fault, cure: "Let the sites do other work" };
  }
  if (needs.siteState === true && !work.siteState) {
    const fault = `${name} needs work that keeps something at the site from round to round, which ${work.name} does not.`;
    return { fault, cure: "Let the sites do other work" };
  }
  const least = strategy.atLeast?.(options) ?? 1;
  if (sites !== undefined && sites < least) {
    const fault = `${name} needs ${least} answers with these options, and the plan goes on with ${sites}.`;
    return { fault, cure: `Let a round need ${least} sites` };
  }
  return undefined;
}
