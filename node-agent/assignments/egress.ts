import { AggregationError } from "#aggregation/errors.js";
import { ComityError } from "#kernel/errors.js";
import { limits } from "#proto/codec/work.js";
import { checkAnswer, type PlainAnswer, shapeOf } from "#proto/work/shape.js";
import type { Work } from "./work.js";

/**
 * The way out of the site: whatever is not exactly what the kind of work declares stays here. The hub checks by the same function.
 * Throws `WORK_FAILED`, `UPDATE_SCHEMA_WRONG` for tensors, and `POLICY_REFUSED` for a part of a value with fewer than `minCell` rows behind it.
 */
export function checkEgress({ step: { kind }, body }: Work, answer: PlainAnswer, minCell: number): void {
  try {
    checkAnswer(kind.name, shapeOf(kind, body), answer, limits.samples);
  } catch (thrown) {
    if (thrown instanceof AggregationError)
      throw new ComityError(thrown.code, staysHere(thrown.message), { cause: thrown });
    if (!(thrown instanceof ComityError)) throw thrown;
    // A value may hold the data's own words, also as names: the hub gets none of them, the site's log has the cause.
    const hidden = `it is not what work of kind ${kind.name} declares; the site's own log says why.`;
    const why = answer.value === undefined ? thrown.message : hidden;
    throw new ComityError("WORK_FAILED", staysHere(why), { cause: thrown });
  }
  for (const rows of kind.answer.counts?.(body, answer.value) ?? []) {
    if (rows <= 0 || rows >= minCell) continue;
    throw new ComityError(
      "POLICY_REFUSED",
      staysHere(`a part of it stands for fewer rows than the site's policy asks for (minCell: ${minCell}).`),
    );
  }
}

const staysHere = (why: string): string => `The answer of the work stays at the site: ${why}`;
