import { z } from "zod";
import { Sums } from "#aggregation/statistics/sums.js";
import { ComityError } from "#kernel/errors.js";
import type { SingleFolder } from "./folder.js";

const valueSchema = z.array(z.number());

/**
 * The sum of answers whose values are lists of numbers, all of one length, place by place: in float64 in the order of the answers, and
 * rounded once. It comes as `value`. Throws `FOLD_OVERFLOW` for a sum that float64 does not hold.
 */
export const valueFolder: SingleFolder = {
  name: "value.sum",
  revision: 1,
  run({ answers }) {
    const values = answers.map(({ value }, index) => {
      const parsed = valueSchema.safeParse(value);
      if (parsed.success) return parsed.data;
      throw new ComityError("ARGUMENT_INVALID", `The value of answer ${index} is no list of numbers.`);
    });
    const width = values[0]?.length ?? 0;
    const sums = new Sums(width);
    for (const [index, one] of values.entries()) {
      if (one.length !== width)
        throw new ComityError(
          "ARGUMENT_INVALID",
          `Answer ${index} has ${one.length} numbers, the first one ${width}.`,
        );
      for (const [at, number] of one.entries()) sums.add(at, number);
    }
    const value = Array.from({ length: width }, (_, at) => sumAt(sums, at));
    return { blobs: {}, figures: {}, value };
  },
};

function sumAt(sums: Sums, at: number): number {
  const sum = sums.at(at);
  // A -0 would not come through JSON.
  if (Number.isFinite(sum)) return sum + 0;
  throw new ComityError(
    "FOLD_OVERFLOW",
    `The sum of the numbers at place ${at} (from 0) is too large for float64.`,
  );
}
