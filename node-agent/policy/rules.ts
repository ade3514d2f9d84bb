import { z } from "zod";
import { kinds } from "#proto/work/index.js";
import type { Leaves } from "#proto/work/kind.js";

const workKinds = kinds.map(({ name }) => name);
const kindsSchema = (known: readonly string[]) => z.array(z.enum(known)).default([...known]);
const leaves: readonly Leaves[] = ["nothing", "aggregate", "update", "value"];

/** Who may see the answers of an ask: nobody singly, whoever may see the result, or other sites too. */
export const releases = ["together", "each", "participants"] as const;

/**
 * The site's own rules, `policy:` in agent.yaml. They are read from the site's disk only: the hub can neither read nor change them.
 * Work of a kind or on a dataset that is not allowed here is refused.
 */
export const policySchema = z.strictObject({
  /** The kinds of work that the site does. */
  kinds: kindsSchema(workKinds),
  /** The classes of what may leave the site; each kind of work is of one. */
  leaves: z.array(z.enum(leaves)).default([...leaves]),
  /** Who may see this site's answers. */
  releases: z.array(z.enum(releases)).default(["together", "each"]),
  /** Datasets that work may use; without it, every dataset that agent.yaml lists. */
  datasets: z.array(z.string().min(1).max(128)).optional(),
  /** The highest number of a round that the site takes part in. */
  maxRounds: z.int().min(1).max(100_000).default(1000),
  /** Passes over the rows within one round. */
  maxEpochs: z.int().min(0).max(1000).default(100),
  /** Rows that an answer must stand for at least, so that it says nothing about a single row. */
  minRows: z.int().min(1).max(1_000_000_000).default(10),
  /** Rows that each part of a value (a cell of a table, a bin) must stand for, or the answer stays here. */
  minCell: z.int().min(1).max(1_000_000_000).default(5),
  /** Sites that must be behind whatever the hub lets out. Above 1: never of this site alone. */
  minSites: z.int().min(1).max(100_000).default(1),
  /** What the site fetches for one work, in millions of bytes. */
  maxModelMegabytes: z.int().min(1).max(1_000_000).default(4096),
  /** Refuses all work, and stops what is on its way out. A file named `pause` in the agent's folder does the same at once. */
  pause: z.boolean().default(false),
});

/** {@link policySchema} where there is work of other kinds besides, by their names. */
export const policySchemaWith = (others: readonly string[]) =>
  policySchema.extend({ kinds: kindsSchema([...new Set([...workKinds, ...others])]) });

export type Policy = z.output<typeof policySchema>;
