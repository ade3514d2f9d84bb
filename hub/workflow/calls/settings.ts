import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { ComityError } from "#kernel/errors.js";
import { callLimits, type HttpClientSettings } from "./client.js";
import { AddressGuard } from "./guard.js";
import { HostList } from "./hosts.js";

const hosts = z
  .array(z.string().min(1).max(253))
  .max(1_000)
  .refine(isHostList, "a list of names, addresses and ranges such as 10.0.0.0/8")
  .default([]);

/** The section `http` of `hub.yaml`: what the calls of workflows may reach. */
export const callsSchema = z.strictObject({
  /** Inner hosts that may be called. */
  allow: hosts,
  /** Hosts that speak gRPC without TLS. */
  plaintext: hosts,
  /** A file of certificates that are trusted besides the usual ones. */
  ca: z.string().min(1).max(1_000).optional(),
  /** For one call, redirects included. */
  timeoutMs: z.int().min(100).max(600_000).default(callLimits.timeoutMs),
  /** Of one answer. */
  maxBytes: z
    .int()
    .min(1_024)
    .max(4 << 20)
    .default(callLimits.maxBytes),
});

/** What the configuration says, ready for `languageCalls`. Throws `CONFIG_INVALID` when there is no file of certificates. */
export async function callSettings(
  { allow, plaintext, ca, timeoutMs, maxBytes }: z.output<typeof callsSchema>,
  dir: string,
): Promise<HttpClientSettings> {
  const guard = new AddressGuard({ allow, plaintext });
  const settings = { guard, timeoutMs, maxBytes };
  if (ca === undefined) return settings;
  const path = resolve(dir, ca);
  try {
    return { ...settings, ca: await readFile(path, "utf8") };
  } catch (cause) {
    throw new ComityError("CONFIG_INVALID", `The certificates of http.ca cannot be read: ${path}.`, {
      cause,
    });
  }
}

function isHostList(entries: readonly string[]): boolean {
  try {
    return Boolean(new HostList(entries));
  } catch {
    return false;
  }
}
