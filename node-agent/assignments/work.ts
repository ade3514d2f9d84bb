import { parseValue } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import { isObject, type JsonObject, parseJson } from "#kernel/json.js";
import { printable } from "#kernel/words.js";
import type { Step } from "../steps/step.js";
import { inputOf, type Offer } from "./model.js";

/** The work that an offer asks for, read: the step that does it, and its body. */
export interface Work {
  readonly step: Step;
  /** As the kind's schema gives it. */
  readonly body: unknown;
}

/** The step for a kind of work. Throws `WORK_UNSUPPORTED` when there is none. */
export function findStep(steps: readonly Step[], kind: string): Step {
  const step = steps.find((candidate) => candidate.kind.name === kind);
  if (step !== undefined) return step;
  throw new ComityError("WORK_UNSUPPORTED", `This agent does no work of kind ${printable(kind, 60)}.`);
}

/**
 * Reads the work of an offer, the site's own part included. Throws `WORK_UNSUPPORTED` for a kind, a body or an input that this agent does
 * not know, and `MESSAGE_INVALID` for an offer that contradicts itself.
 */
export function readWork(steps: readonly Step[], offer: Offer): Work {
  const step = findStep(steps, offer.kind);
  const { kind: named, ...common } = readObject(offer.workJson, "work", "WORK_UNSUPPORTED");
  if (named !== offer.kind)
    throw invalid(`the offer is for work of kind ${printable(offer.kind, 60)}, its work says another`);
  const part = offer.partJson === "" ? {} : readObject(offer.partJson, "part", "MESSAGE_INVALID");
  // The site's policy has decided by the dataset that every site is asked for.
  if (Object.hasOwn(part, "dataset")) throw invalid("the site's own part of the work may not have `dataset`");
  const body = parseValue({ ...common, ...part }, "work", step.kind.body, "WORK_UNSUPPORTED");
  checkInputs(step, offer);
  if (keepsState({ step, body }) && offer.stateKey === "")
    throw invalid("work that keeps something at the site needs `state_key`");
  return { step, body };
}

/** Whether a work keeps something at the site. */
export const keepsState = ({ step: { kind }, body }: Work): boolean => kind.answer.keeps?.(body) === true;

/** Why work is not done again that may have only one answer. */
export const onlyOnce = (): ComityError =>
  new ComityError(
    "WORK_FAILED",
    "This work has been done under its assignment, and is never done twice; the bytes of its answer are gone.",
    { hint: "Ask for it under a new assignment." },
  );

function checkInputs({ kind }: Step, offer: Offer): void {
  for (const [name, { required }] of Object.entries(kind.inputs)) {
    if (required && inputOf(offer, name) === undefined) throw invalid(`the input \`${name}\` is missing`);
  }
  const unknown = offer.inputs.find(({ name }) => !Object.hasOwn(kind.inputs, name));
  if (unknown !== undefined)
    throw new ComityError(
      "WORK_UNSUPPORTED",
      `This agent's work of kind ${kind.name} has no input ${printable(unknown.name, 60)}.`,
    );
}

function readObject(text: string, noun: string, code: "WORK_UNSUPPORTED" | "MESSAGE_INVALID"): JsonObject {
  const value = parseJson(text, code);
  if (isObject(value)) return value;
  throw new ComityError(code, `${noun}: an object is expected.`);
}

const invalid = (why: string): ComityError => new ComityError("MESSAGE_INVALID", `offer: ${why}`);
