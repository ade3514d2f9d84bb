import { join } from "node:path";
import { z } from "zod";
import { readConfig } from "#kernel/config.js";
import { callsSchema } from "./workflow/calls/settings.js";
import { limitSchema } from "./workflow/engine/limits.js";

const port = z.int().min(1).max(65_535);
const listener = z.strictObject({
  /** The address that the hub listens on. */
  host: z.string().min(1).max(255),
  port,
});

/** `hub.yaml`. docs/reference/configuration.md explains each key. */
export const hubConfigSchema = z.strictObject({
  name: z.string().min(1).max(60).default("comity"),
  /** The host part of every site's identity; fixed for the life of the hub. */
  trustDomain: z.string().min(1).max(63),
  /** The DNS names and IP addresses under which others reach this hub; the first is the one that tokens carry. */
  names: z.array(z.string().min(1).max(253)).min(1).max(50),
  /** Operators, joining agents, results: TLS. */
  control: listener,
  /** Agents: mutual TLS. */
  agents: listener,
  /** Sites that must stand behind whatever is let out of their answers; a plan can only ask for more. */
  minSites: z.int().min(1).max(10_000).default(1),
  /** Where the rows are; without it in `hub.db` in the hub's folder. */
  database: z
    .strictObject({
      /** `postgres://USER@HOST/DATABASE`; `readPostgresAddress` reads it. */
      postgres: z.string().min(1).max(2000),
    })
    .optional(),
  /** Takes events over HTTPS; without it there is no such port. */
  webhook: z
    .strictObject({
      listen: listener,
      /** Who may send: each has its own path, `/events/NAME`, and its own secret. */
      sources: z
        .array(
          z.strictObject({
            name: z
              .string()
              .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "lower-case letters, digits and -"),
            /** The name of a secret of the hub. */
            secret: z.string().min(1).max(100),
          }),
        )
        .min(1)
        .max(100),
    })
    .optional(),
  /** How much may happen at the same time, or within a minute. */
  limits: z.array(limitSchema).max(1_000).default([]),
  /** What the calls of workflows may reach, and how much they may take. */
  http: callsSchema.prefault({}),
  /** Between two heartbeats of a session. */
  heartbeatMs: z.int().min(100).max(300_000).default(15_000),
  /** The life of a site's certificate; the agent renews it at half of it. */
  certificateHours: z
    .number()
    .min(0.001)
    .max(24 * 90)
    .default(24),
  log: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
});

export type HubConfig = z.output<typeof hubConfigSchema>;

/** Where everything lies in a hub's folder. */
export const hubPaths = (dir: string) => ({
  config: join(dir, "hub.yaml"),
  root: join(dir, "ca", "root.pem"),
  rootKey: join(dir, "ca", "root.key"),
  issuing: join(dir, "ca", "issuing.pem"),
  signingKey: join(dir, "ca", "signing.key"),
  database: join(dir, "hub.db"),
  store: join(dir, "store.json"),
  blobs: join(dir, "blobs"),
  blobStore: join(dir, "blobs", "store.json"),
  profile: join(dir, "operator.json"),
  secrets: join(dir, "secrets.yaml"),
});

/** Reads `hub.yaml`; throws `CONFIG_INVALID` with every fault. */
export function readHubConfig(dir: string): Promise<HubConfig> {
  return readConfig(hubPaths(dir).config, hubConfigSchema);
}

/** `host:port` as others reach a listener. */
export function publicAddress(config: HubConfig, which: "control" | "agents"): string {
  const name = config.names[0] ?? "localhost";
  return `${name.includes(":") ? `[${name}]` : name}:${config[which].port}`;
}
