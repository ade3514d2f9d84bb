import { X509Certificate } from "node:crypto";
import { readdir } from "node:fs/promises";
import { isIP } from "node:net";
import { stringify } from "yaml";
import { type AuthorityMaterial, createAuthority, createIssuing } from "#certs/authority.js";
import { keyToPem, newKey } from "#certs/keys.js";
import { ComityError, isSystemError } from "#kernel/errors.js";
import { makeDirectory, readIfThere, writeFileAtomic } from "#kernel/files.js";
import { newStoreId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { type HubConfig, hubConfigSchema, hubPaths } from "./config.js";
import { nameFolder } from "./store/belonging/files.js";

/** What `hub init` is told. */
export interface HubWishes {
  readonly name: string;
  /** DNS names and addresses for others; empty: this machine only. */
  readonly names: readonly string[];
  readonly controlPort: number;
  readonly agentPort: number;
  /** The address of a PostgreSQL database in place of a file in the folder. */
  readonly database?: string;
}

/** Makes a hub's folder: configuration, a new authority, the key that signs tokens. Throws `DIRECTORY_INVALID` if something is there. */
export async function createFolder(dir: string, wishes: HubWishes, nowMs: number): Promise<HubConfig> {
  if ((await entriesOf(dir)).length > 0) {
    throw new ComityError("DIRECTORY_INVALID", `The folder ${dir} is not empty.`, {
      hint: "Give a new folder; `comity hub start` takes an existing hub up.",
    });
  }
  const local = wishes.names.length === 0;
  const names = local ? ["localhost", "127.0.0.1"] : wishes.names;
  const host = local ? "127.0.0.1" : "0.0.0.0";
  const trustDomain = names.find((name) => isIP(name) === 0 && name.length <= 63) ?? "comity.internal";
  const config = hubConfigSchema.parse({
    name: wishes.name,
    trustDomain: trustDomain.toLowerCase(),
    names,
    control: { host, port: wishes.controlPort },
    agents: { host, port: wishes.agentPort },
    ...(wishes.database !== undefined && { database: { postgres: wishes.database } }),
  });
  const paths = hubPaths(dir);
  const authority = createAuthority({ trustDomain: config.trustDomain, nowMs });
  await makeDirectory(dir);
  await makeDirectory(`${dir}/ca`);
  await nameFolder(paths, newStoreId());
  await writeFileAtomic(paths.root, authority.root);
  await writeFileAtomic(paths.rootKey, authority.rootKey, 0o600);
  await writeFileAtomic(paths.issuing, authority.issuingKey + authority.issuing, 0o600);
  await writeFileAtomic(paths.signingKey, keyToPem(newKey()), 0o600);
  // Last: a folder with a hub.yaml is a whole one.
  await writeFileAtomic(
    paths.config,
    `# A Comity hub. docs/reference/configuration.md explains each key.\n${stringify(config)}`,
    // The address of a database may hold a password.
    config.database === undefined ? 0o644 : 0o600,
  );
  return config;
}

/** How long before its end the issuing authority is replaced. */
const renewIssuingMs = 60 * 24 * 3_600_000;

/**
 * The authority and the signing key of a hub's folder. The root key may be kept elsewhere: it is needed only when the issuing
 * authority is replaced, in the last 60 days of its year; the certificates of the old one stay good.
 */
export async function readAuthority(
  dir: string,
  trustDomain: string,
  nowMs: number,
  log: Log,
): Promise<{ material: AuthorityMaterial; signingKey: string }> {
  const paths = hubPaths(dir);
  const [root, both, signingKey, rootKey] = await Promise.all(
    [paths.root, paths.issuing, paths.signingKey, paths.rootKey].map(readIfThere),
  );
  if (root === undefined || both === undefined || signingKey === undefined) {
    throw new ComityError("DIRECTORY_INVALID", `The folder ${dir} lacks a part of the hub's authority.`, {
      hint: "Restore the folder `ca` from a backup; without it no site knows this hub.",
    });
  }
  const { issuing, issuingKey } = splitIssuing(both, paths.issuing);
  const endsAtMs = Date.parse(new X509Certificate(issuing).validTo);
  if (endsAtMs - nowMs > renewIssuingMs)
    return { material: { trustDomain, root, issuing, issuingKey }, signingKey };
  if (rootKey === undefined) {
    log.warn({ endsAtMs }, "the issuing authority ends soon: put ca/root.key back for one start of the hub");
    return { material: { trustDomain, root, issuing, issuingKey }, signingKey };
  }
  const renewed = createIssuing({ trustDomain, root, rootKey, nowMs });
  await writeFileAtomic(paths.issuing, renewed.issuingKey + renewed.issuing, 0o600);
  log.info("the issuing authority has been replaced");
  return { material: { trustDomain, root, ...renewed }, signingKey };
}

/** Key and certificate lie in one file, so that a crash can never leave a pair that does not fit. */
function splitIssuing(text: string, path: string): { issuing: string; issuingKey: string } {
  const at = text.indexOf("-----BEGIN CERTIFICATE-----");
  if (at > 0) return { issuingKey: text.slice(0, at), issuing: text.slice(at) };
  throw new ComityError("DIRECTORY_INVALID", `${path} does not hold a key and its certificate.`, {
    hint: "Restore the folder `ca` from a backup.",
  });
}

async function entriesOf(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  }
}
