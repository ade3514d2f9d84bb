import { z } from "zod";
import { checkCel } from "#kernel/cel.js";
import { parseSiteId, type SiteId } from "#kernel/ids.js";
import { ruleVariables } from "./facts.js";

/** A rule over `site`. */
const celSchema = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const fault = checkCel(text, ruleVariables);
    if (fault !== undefined) context.addIssue(`it cannot be read as CEL: ${fault}`);
  });

const siteIdSchema = z.string().transform((text, context): SiteId => {
  try {
    return parseSiteId(text);
  } catch {
    context.addIssue("a site such as `acme/berlin`");
    return z.NEVER;
  }
});

/** Which sites a task goes to, of those that have its dataset. docs/reference/plan.md explains each rule. */
export const atSchema = z.strictObject({
  /** This one site only. */
  site: siteIdSchema.optional(),
  select: z
    .strictObject({
      /** Labels of the site that must all match. */
      labels: z.record(z.string(), z.string()).optional(),
      organisations: z.array(z.string().min(1)).min(1).optional(),
    })
    .optional(),
  /** CEL that must be true of a site. */
  where: celSchema.optional(),
  /** CEL that gives a number: the higher, the sooner a site is taken. */
  score: celSchema.optional(),
  /** At most so many sites. */
  limit: z.int().min(1).optional(),
  /** At most so many sites, drawn anew for each round. */
  sample: z.strictObject({ count: z.int().min(1), seed: z.int().min(0).default(1) }).optional(),
  /** `previous`: first the sites of the run's last round. `spread`: first those that the run has asked least. */
  affinity: z.enum(["previous", "spread"]).optional(),
});

/** The rules of a placement. */
export type At = z.output<typeof atSchema>;
