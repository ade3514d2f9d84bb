import { z } from "zod";
import { checkCel } from "#kernel/cel.js";
import { fieldsOf } from "#kernel/cel-conditions.js";
import { datasetSelectorSchema } from "#proto/codec/work.js";

const forbidden: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** The name of a column, as the data has it. */
export const columnSchema = z
  .string()
  .min(1)
  .max(256)
  .refine((name) => !forbidden.has(name), "this is no name of a column");

/** A condition in CEL over `row`, whose fields are the columns: each is named, so that a site knows beforehand what is read. */
export const filterSchema = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const fault = checkCel(text, ["row"]) ?? faultOfFields(text);
    if (fault !== undefined) context.addIssue(`it cannot be read as CEL: ${fault}`);
  });

/** Which rows of which dataset a work over rows is about. */
export const rowKeys = {
  dataset: datasetSelectorSchema,
  rows: z.enum(["all", "train", "test"]),
  where: filterSchema.optional(),
};

/** The columns that a filter reads. */
export function columnsOf(where: string | undefined): readonly string[] {
  const found = where === undefined ? { fields: [] } : fieldsOf(where, "row");
  return "fields" in found ? found.fields : [];
}

function faultOfFields(text: string): string | undefined {
  const found = fieldsOf(text, "row");
  return "fault" in found ? found.fault : undefined;
}
