import { stat } from "node:fs/promises";
import { z } from "zod";
import type { Secrets } from "#hub/workflow/engine/model.js";
import { parseConfig } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import { readIfThere } from "#kernel/files.js";
import { checkValue, type Json } from "#kernel/json.js";

/** The part of `process.env` that matters here. */
type Environment = Readonly<Record<string, string | undefined>>;

const secretName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** `COMITY_SECRET_` and the name in capitals, with `_` for what is neither letter nor digit. */
const variableOf = (name: string): string => `COMITY_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;

/**
 * The hub's secrets: `secrets.yaml` in its folder (without a path: none), and variables `COMITY_SECRET_NAME`, which go first. A secret is a text, or an
 * object of texts; a variable that holds a JSON object is one. Throws `CONFIG_INVALID`; no message holds any part of a secret.
 */
export async function readSecrets(
  path: string | undefined,
  environment: Environment = process.env,
): Promise<Secrets> {
  const file = new Map(Object.entries(path === undefined ? {} : await readSecretsFile(path)));
  return {
    find(name) {
      const variable = variableOf(name);
      const given = environment[variable];
      return given === undefined || given === "" ? file.get(name) : ofVariable(given, variable);
    },
  };
}

async function readSecretsFile(path: string): Promise<Record<string, Json>> {
  const text = await readIfThere(path);
  if (text === undefined) return {};
  await checkMode(path);
  return parseFile(text, path);
}

async function checkMode(path: string): Promise<void> {
  const { mode } = await stat(path);
  // Windows has no such bits.
  if (process.platform === "win32" || (mode & 0o077) === 0) return;
  throw new ComityError("CONFIG_INVALID", `${path} can be read by others than its owner.`, {
    hint: `Run \`chmod 600 ${path}\`.`,
  });
}

function parseFile(text: string, path: string): Record<string, Json> {
  const secrets = parsed(text, path);
  for (const [name, secret] of Object.entries(secrets)) {
    if (!secretName.test(name))
      throw new ComityError("CONFIG_INVALID", `${path}: a secret has a name that is none.`, {
        hint: "A name has letters, digits, dots, - and _, at most 100, and begins with a letter or a digit.",
      });
    checkTexts(secret, name, path);
  }
  return secrets;
}

function parsed(text: string, path: string): Record<string, Json> {
  if (text.replace(/^\s*#.*$/gm, "").trim() === "") return {};
  try {
    return parseConfig(text, path, z.record(z.string(), z.unknown())) as Record<string, Json>;
  } catch (thrown) {
    // What the reader of YAML quotes may be a secret, and so may be the cause's.
    const message = ComityError.from(thrown).message.replace(/"[^\n]*"|'[^\n]*'/g, "…");
    throw new ComityError("CONFIG_INVALID", message);
  }
}

function checkTexts(value: unknown, place: string, path: string): void {
  if (typeof value === "string" && value !== "") return;
  if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) checkTexts(item, `${place}.${key}`, path);
    return;
  }
  throw new ComityError("CONFIG_INVALID", `${path}: ${place} is no text.`, {
    hint: "A secret is a text, or an object of texts: put numbers in quotes.",
  });
}

function ofVariable(text: string, variable: string): Json {
  if (!text.startsWith("{")) return text;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  checkValue(value, "CONFIG_INVALID");
  checkTexts(value, variable, "environment");
  return value as Json;
}
