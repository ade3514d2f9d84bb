import { z } from "zod";
import { workSchema } from "#proto/codec/work.js";

/** The kinds of work that this agent knows, for messages and for the policy's own list. */
const workKinds = workSchema.options.map((option) => option.shape.kind.value);

/**
 * The site's own rules, `policy:` in agent.yaml. They are read from the site's disk only: the hub can neither read nor change them.
 * Work of a kind or on a dataset that is not allowed here is refused.
 */
export const policySchema = z.strictObject({
  /** The kinds of work that the site does. */
  kinds: z.array(z.enum(workKinds)).default([...workKinds]),
  /** Datasets that work may use; without it, every dataset that agent.yaml lists. */
  datasets: z.array(z.string().min(1).max(128)).optional(),
  /** The highest number of a round that the site takes part in. */
  maxRounds: z.int().min(1).max(100_000).default(1000),
  /** Passes over the rows within one round. */
  maxEpochs: z.int().min(0).max(1000).default(100),
  /** Rows that an answer must stand for at least, so that it says nothing about a single row. */
  minRows: z.int().min(1).max(1_000_000_000).default(10),
  /** The largest base model that the site fetches, in millions of bytes. */
  maxModelMegabytes: z.int().min(1).max(1_000_000).default(4096),
  /** Refuses all work, and stops what is on its way out. A file named `pause` in the agent's folder does the same at once. */
  pause: z.boolean().default(false),
});

export type Policy = z.output<typeof policySchema>;
