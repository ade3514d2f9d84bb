import { randomUUID } from "node:crypto";
import { type Hidden, hideIn, hider } from "#hub/workflow/hiding.js";
import type { RunInfo } from "#hub/workflow/interpreter/model.js";
import { fillSecrets, secretShape } from "#hub/workflow/interpreter/secrets.js";
import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import type { Secrets } from "./model.js";

/** A hub that has no secrets. */
export const noSecrets: Secrets = { find: () => undefined };

/** The secrets that a workflow declares, with placeholders for their texts. Throws `SECRET_NOT_FOUND`. */
export function shapesOf(secrets: Secrets, names: readonly string[]): RunInfo["secrets"] {
  const nonce = randomUUID();
  return Object.fromEntries(
    names.map((name) => {
      const secret = secrets.find(name);
      if (secret !== undefined) return [name, secretShape(name, secret, nonce)];
      throw new ComityError(
        "SECRET_NOT_FOUND",
        `The workflow needs the secret ${name}, and this hub has none of that name.`,
        {
          hint: "Whoever runs the hub adds it to the hub's secrets.",
        },
      );
    }),
  );
}

/** A call's argument as it is for the moment of the call only. */
interface FilledArgument {
  /** With the secrets in place of their placeholders. */
  readonly value: Json;
  /** A value with the placeholders in place of the secrets that the argument has: what came of the call may repeat them. */
  readonly hide: (value: Json) => Json;
}

/** Puts the secrets into a call's argument. */
export function filled(value: Json, shapes: RunInfo["secrets"], secrets: Secrets): FilledArgument {
  const used: Hidden[] = [];
  const whole = fillSecrets(value, shapes, (path, placeholder) => {
    const text = textAt(secrets, path);
    // Who somebody is, is no secret.
    if (text !== undefined && path.at(-1) !== "username") used.push({ text, by: placeholder });
    return text;
  });
  const hide = hider(used);
  return { value: whole, hide: (output) => (used.length === 0 ? output : hideIn(output, hide)) };
}

function textAt(secrets: Secrets, [name, ...rest]: readonly string[]): string | undefined {
  let found = name === undefined ? undefined : secrets.find(name);
  for (const key of rest) {
    const inside = typeof found === "object" && found !== null && Object.hasOwn(found, key);
    found = inside ? (found as Readonly<Record<string, Json>>)[key] : undefined;
  }
  return typeof found === "string" ? found : undefined;
}
