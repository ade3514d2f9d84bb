import type { Json } from "#kernel/json.js";
import type { Assignment } from "./model.js";
import type { Inputs, Stage } from "./stage.js";

/** Whom an offer is for: what people at the site may know before they say yes. */
export interface OfferOrigin {
  readonly runName: string;
  readonly startedBy: string;
  readonly function: string;
  /** What the function does, in one sentence. */
  readonly purpose: string;
  /** What the work draws is seeded by this number. */
  readonly draw: number;
  /** What the site's state for the work is kept under; undefined for work without one. */
  readonly stateKey: string | undefined;
  /** Sites that are asked. */
  readonly asked: number;
}

/** An offer, ready to be pushed. */
export interface Offer extends OfferOrigin {
  readonly assignment: Assignment;
  readonly stage: Stage;
}

/** All inputs of an assignment: those of its stage, and its own. */
export const inputsOf = (stage: Pick<Stage, "inputs">, { part }: Pick<Assignment, "part">): Inputs => ({
  ...stage.inputs,
  ...part.inputs,
});

/** The work of a stage as JSON text, made once for all its sites. */
export function workJson({ work }: Stage): string {
  let text = texts.get(work as object);
  if (text === undefined) texts.set(work as object, (text = JSON.stringify(work satisfies Json)));
  return text;
}

const texts = new WeakMap<object, string>();
