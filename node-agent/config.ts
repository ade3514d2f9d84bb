import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { readConfig } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import { parseSiteId, type SiteId } from "#kernel/ids.js";
import { parseAddress } from "#proto/rpc/address.js";
import { kinds } from "#proto/work/index.js";
import { datasetsConfigSchema } from "./data/datasets-config.js";
import { policySchema, policySchemaWith } from "./policy/rules.js";
import { backendNames } from "./training/backend-names.js";

/** A text that a parser takes; its complaint becomes the schema's. */
function parsedBy<T>(parse: (text: string) => T, keep: (text: string, parsed: T) => string) {
  return z.string().transform((text, context) => {
    try {
      return keep(text, parse(text));
    } catch (error) {
      context.addIssue({
        code: "custom",
        message: error instanceof ComityError ? error.message : "cannot be read",
      });
      return z.NEVER;
    }
  });
}

const addressSchema = parsedBy(parseAddress, (text) => text);
const siteSchema = parsedBy(parseSiteId, (text) => text).transform((text): SiteId => parseSiteId(text));

/** agent.yaml. docs/reference/configuration.md explains each key. */
export const agentConfigSchema = z.strictObject({
  /** `host:port` of the hub's control port: to join, and to renew an expired certificate. */
  hub: addressSchema,
  /** `host:port` of the hub's agent port: everything else. */
  agentAddress: addressSchema,
  /** `organisation/site`, as the certificate names it. */
  site: siteSchema,
  /** The back end to train with; without it, the fastest one that works here. */
  backend: z.enum(backendNames).optional(),
  /** `http://[user:password@]host:port` of a proxy that takes CONNECT, or `none`; without it HTTPS_PROXY and NO_PROXY decide. */
  proxy: z.string().min(1).optional(),
  /** Assignments that are worked on at once. */
  concurrency: z.int().min(1).max(64).default(1),
  /** The inputs of works, above all models, are kept up to this size, in millions of bytes. */
  cacheMegabytes: z.int().min(1).max(10_000_000).default(2048),
  datasets: datasetsConfigSchema.default([]),
  /** Folders whose new files the hub is told of, by name, size and digest: an event of the given type for each. */
  watch: z
    .array(
      z.strictObject({
        /** Relative to the agent's folder. */
        folder: z.string().min(1).max(1000),
        type: z.string().min(1).max(255),
      }),
    )
    .max(100)
    .default([]),
  policy: policySchema.prefault({}),
});

export type AgentConfig = z.output<typeof agentConfigSchema>;

/** The files and folders of an agent. */
export function agentPaths(dir: string) {
  return {
    config: join(dir, "agent.yaml"),
    identity: join(dir, "identity.pem"),
    /** The key of a join whose reply has not come yet. */
    pendingKey: join(dir, "identity.key"),
    journal: join(dir, "agent.db"),
    cache: join(dir, "cache"),
    outbox: join(dir, "outbox"),
    work: join(dir, "work"),
    /** What works keep from one round to the next, where it is large. */
    states: join(dir, "states"),
    /** Files here are sent to the hub as events. */
    events: join(dir, "events"),
  };
}

/**
 * Reads agent.yaml. `others`: names of kinds of work besides those of this release. Throws `CONFIG_INVALID` with place, fault and allowed
 * values; `DIRECTORY_INVALID` where no agent lives.
 */
export async function readAgentConfig(dir: string, others: readonly string[] = []): Promise<AgentConfig> {
  const schema = agentConfigSchema.extend({ policy: policySchemaWith(others).prefault({}) });
  return await readConfig(agentPaths(dir).config, schema);
}

/** The first agent.yaml of a site that has joined. */
export function initialConfig(values: {
  hub: string;
  agentAddress: string;
  site: SiteId;
  proxy?: string | undefined;
}): string {
  const { hub, agentAddress, site, proxy } = values;
  return `# This agent's configuration. docs/reference/configuration.md explains each key; a mistake is reported with its line.

# Where the hub is: its control port, and the port for agents.
${stringify({ hub, agentAddress })}
# Who this site is. The certificate in identity.pem says the same.
${stringify({ site })}
# A proxy that takes CONNECT, or "none". Without this line HTTPS_PROXY and NO_PROXY decide.
${proxy === undefined ? "# proxy: http://user:password@proxy.example.org:3128\n" : stringify({ proxy })}
# The data that work may use. The hub learns names, columns, labels and rounded row counts, never a row.
# Take the example's hashes away, the [] too, and give your own file:
datasets: []
#  - name: digits
#    path: data/digits.csv          # relative to this folder
#    columns:
#      label: { type: category, classes: 10 }
#      "pixel*": { type: number, divide: 255 }
#    target: label
#    split: { test: 0.2, seed: 1 }
#    labels: { dataset: digits }

# This site's own rules. The hub can neither read nor change them; what they do not allow is refused.
policy:
  kinds: [${kinds.map(({ name }) => name).join(", ")}]
  maxRounds: 1000
  maxEpochs: 100
  minRows: 10
  # To stop all work at once: pause: true and a restart, or create a file named "pause" in this folder.
`;
}
