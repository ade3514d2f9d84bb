import type { ZodType } from "zod";
import { groupedTensors } from "#aggregation/tensors/groups.js";
import type { FoundTensor } from "#aggregation/tensors/schema.js";
import { checkSchema } from "#aggregation/tensors/schema.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import { ComityError } from "#kernel/errors.js";
import { type Json, textLimits } from "#kernel/json.js";
import { limits } from "#proto/codec/work.js";
import type { Kind } from "./kind.js";

/** The longest name of a figure. */
const maxFigureName = 64;

/** The shape that an answer must have, derived from the declaration and the body, for the hub's intake and the site's egress alike. */
export interface Shape {
  /** All tensors in the order of the file; undefined where the answer has none. */
  readonly tensors: readonly TensorSpec[] | undefined;
  /** Whether it stands for rows, 1 at least. */
  readonly counted: boolean;
  /** Figures at most. */
  readonly figures: number;
  readonly value: { readonly schema: ZodType; readonly maxBytes: number } | undefined;
}

/** What an answer says of itself; its tensors as their file's header declares them. */
export interface PlainAnswer {
  readonly samples: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly tensors: readonly FoundTensor[] | undefined;
  /** Undefined for none. */
  readonly value: Json | undefined;
}

/** Throws what deriving the tensors from the body throws. */
export function shapeOf(kind: Kind, body: unknown): Shape {
  const { answer } = kind;
  const groups = answer.tensors?.(body);
  return {
    tensors: groups && groupedTensors(groups),
    counted: answer.weight !== "none",
    figures: answer.figures?.most ?? 0,
    value: answer.value?.(body),
  };
}

/**
 * Both ends check by this, before a byte leaves a site and before the hub takes one. `maxSamples`: the rows that the site can have worked on.
 * Throws `UPDATE_SAMPLES_WRONG`, `UPDATE_NOT_FINITE` or `UPDATE_SCHEMA_WRONG`, and an AggregationError of the same code for tensors.
 */
export function checkAnswer(kind: string, shape: Shape, given: PlainAnswer, maxSamples: number): void {
  checkSamples(kind, shape, given.samples, Math.min(limits.samples, maxSamples));
  const figures = Object.entries(given.figures);
  if (figures.length > shape.figures)
    throw wrong(`An answer of kind ${kind} has at most ${shape.figures} figures, not ${figures.length}.`);
  for (const [name, figure] of figures) {
    if (name.length > maxFigureName) throw wrong(`The name of a figure has ${name.length} characters.`);
    if (!Number.isFinite(figure))
      throw new ComityError(
        "UPDATE_NOT_FINITE",
        `The metric ${JSON.stringify(name.slice(0, 60))} is not a finite number.`,
      );
  }
  checkValue(kind, shape, given.value);
  if (shape.tensors === undefined) {
    if (given.tensors !== undefined) throw wrong(`An answer of kind ${kind} has no update.`);
    return;
  }
  if (given.tensors === undefined) throw wrong(`An answer of kind ${kind} must have an update.`);
  checkSchema(given.tensors, shape.tensors);
}

function checkSamples(kind: string, { counted }: Shape, samples: number, most: number): void {
  if (!counted && samples !== 0)
    throw new ComityError(
      "UPDATE_SAMPLES_WRONG",
      `An answer of kind ${kind} counts no rows; this one says ${samples}.`,
    );
  if (counted && (!Number.isSafeInteger(samples) || samples < 1 || samples > most))
    throw new ComityError(
      "UPDATE_SAMPLES_WRONG",
      `The sample count ${samples} is not possible: it must be a whole number from 1 to ${most}.`,
      { hint: "Count the rows that the work used; the site's catalogue bounds them." },
    );
}

function checkValue(kind: string, { value: declared }: Shape, value: Json | undefined): void {
  if (declared === undefined) {
    if (value !== undefined) throw wrong(`An answer of kind ${kind} has no value.`);
    return;
  }
  if (value === undefined) throw wrong(`An answer of kind ${kind} must have a value.`);
  const most = Math.min(declared.maxBytes, textLimits.maxBytes);
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > most)
    throw wrong(`The value of an answer of kind ${kind} has ${bytes} bytes; ${most} are allowed.`);
  const parsed = declared.schema.safeParse(value);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  const place = issue === undefined ? "" : ` at /${issue.path.join("/")}: ${issue.message}`;
  throw wrong(`The value of an answer of kind ${kind} does not fit its declaration${place}.`);
}

const wrong = (text: string): ComityError => new ComityError("UPDATE_SCHEMA_WRONG", text);
