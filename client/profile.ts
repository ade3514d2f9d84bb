import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { parseValue } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import { makeDirectory, readIfThere, writeFileAtomic } from "#kernel/files.js";
import { parseJson } from "#kernel/json.js";

/** What an operator's machine keeps of a hub. The token in it is a secret: the file is for its owner only. */
export const profileSchema = z.strictObject({
  /** `host:port` of the hub's control port. */
  address: z.string().min(3),
  /** The hub's root certificate, PEM. */
  root: z.string().includes("-----BEGIN CERTIFICATE-----"),
  token: z.string().min(1),
  /** The operator's name, for people. */
  name: z.string(),
  proxy: z.string().optional(),
});

export type Profile = z.infer<typeof profileSchema>;

/** `operator.json` in `$COMITY_HOME`, or in `~/.comity`. */
export function defaultProfilePath(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const home = environment["COMITY_HOME"];
  return join(home === undefined || home === "" ? join(homedir(), ".comity") : home, "operator.json");
}

/** Reads an operator's profile. Throws `CONFIG_INVALID`, with what to do, when there is none or it is no good. */
export async function readProfile(path = defaultProfilePath()): Promise<Profile> {
  const text = await readIfThere(path);
  if (text === undefined) {
    throw new ComityError("CONFIG_INVALID", `There is no operator's profile at ${path}.`, {
      hint: "`comity hub init` writes one for the first operator; for another give --hub FILE or set COMITY_HOME.",
    });
  }
  let value: unknown;
  try {
    value = parseJson(text, "CONFIG_INVALID");
  } catch (cause) {
    throw new ComityError("CONFIG_INVALID", `${path} is no operator's profile: it is no JSON.`, { cause });
  }
  return parseValue(value, path, profileSchema, "CONFIG_INVALID");
}

/** Writes an operator's profile, readable by its owner only. */
export async function writeProfile(profile: Profile, path = defaultProfilePath()): Promise<void> {
  await makeDirectory(dirname(path));
  await writeFileAtomic(
    path,
    `${JSON.stringify(parseValue(profile, "profile", profileSchema), undefined, 2)}\n`,
    0o600,
  );
}
