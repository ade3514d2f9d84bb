import { z } from "zod";
import { textLimits } from "#kernel/json.js";
import type { Kind } from "./kind.js";
import { queryLimits } from "./query.js";
import { columnSchema, columnsOf, rowKeys } from "./rows.js";

const bodySchema = z.strictObject({
  ...rowKeys,
  columns: z.array(columnSchema).min(1).max(queryLimits.groups),
});

export type LevelsBody = z.output<typeof bodySchema>;

/** The values of columns that groups can be made of: for each column a list, in the order of code units. */
export const levels: Kind<LevelsBody, never, readonly (readonly string[])[]> = {
  name: "levels",
  purpose: "Names the values of columns that enough rows have.",
  body: bodySchema,
  inputs: {},
  facts: ({ dataset, rows, where, columns }) => ({
    dataset,
    rows,
    passes: 1,
    columns: [...new Set([...columns, ...columnsOf(where)])],
    ...(where !== undefined && { filter: where }),
  }),
  answer: {
    leaves: "value",
    weight: "none",
    value: ({ columns }) => ({
      schema: z
        .array(z.array(z.string().min(1).max(queryLimits.levelLength)).max(queryLimits.levels).readonly())
        .length(columns.length)
        .readonly(),
      maxBytes: textLimits.maxBytes,
    }),
    kept: "folded",
  },
  brief: true,
  words: { doing: "name levels", working: "names levels", done: () => "has named levels" },
};
