import { readdir, readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { stringify } from "yaml";
import { type AuthorityMaterial, createAuthority } from "#certs/authority.js";
import { keyToPem, newKey } from "#certs/keys.js";
import { ComityError, isSystemError } from "#kernel/errors.js";
import { makeDirectory, writeFileAtomic } from "#kernel/files.js";
import { type HubConfig, hubConfigSchema, hubPaths } from "./config.js";

/** What `hub init` is told. */
export interface HubWishes {
  readonly name: string;
  /** DNS names and addresses for others; empty: this machine only. */
  readonly names: readonly string[];
  readonly controlPort: number;
  readonly agentPort: number;
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
  });
  const paths = hubPaths(dir);
  const authority = createAuthority({ trustDomain: config.trustDomain, nowMs });
  await makeDirectory(dir);
  await makeDirectory(`${dir}/ca`);
  await makeDirectory(paths.blobs);
  await writeFileAtomic(paths.root, authority.root);
  await writeFileAtomic(paths.rootKey, authority.rootKey, 0o600);
  await writeFileAtomic(paths.issuing, authority.issuing);
  await writeFileAtomic(paths.issuingKey, authority.issuingKey, 0o600);
  await writeFileAtomic(paths.signingKey, keyToPem(newKey()), 0o600);
  // Last: a folder with a hub.yaml is a whole one.
  await writeFileAtomic(
    paths.config,
    `# A Comity hub. docs/reference/configuration.md explains each key.\n${stringify(config)}`,
  );
  return config;
}

/** The authority and the signing key of a hub's folder. The root key may be kept elsewhere: the running hub does not need it. */
export async function readAuthority(
  dir: string,
  trustDomain: string,
): Promise<{ material: AuthorityMaterial; signingKey: string }> {
  const paths = hubPaths(dir);
  try {
    const [root, issuing, issuingKey, signingKey] = await Promise.all(
      [paths.root, paths.issuing, paths.issuingKey, paths.signingKey].map((path) => readFile(path, "utf8")),
    );
    if (root === undefined || issuing === undefined || issuingKey === undefined || signingKey === undefined)
      throw new Error("unreadable");
    return { material: { trustDomain, root, issuing, issuingKey }, signingKey };
  } catch (cause) {
    throw new ComityError("DIRECTORY_INVALID", `The folder ${dir} lacks a part of the hub's authority.`, {
      hint: "Restore the folder `ca` from a backup; without it no site knows this hub.",
      cause,
    });
  }
}

async function entriesOf(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  }
}
