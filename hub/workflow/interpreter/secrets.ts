import type { Json } from "#kernel/json.js";
import type { Workflow } from "../definition/model.js";
import type { RunInfo } from "./model.js";

/**
 * Secrets never enter the journal. The interpreter sees a placeholder for each secret text; the engine puts the text in at the moment
 * of the call. A placeholder holds only characters that a URI leaves as they are, so it survives templates and concatenation.
 * `nonce` is random and new for each run: data from outside cannot name a secret without having seen it.
 */
export function placeholder(path: readonly string[], nonce: string): string {
  return `_secret.${nonce}.${Buffer.from(JSON.stringify(path)).toString("base64url")}.secret_`;
}

const pattern = /_secret\.([A-Za-z0-9-]+)\.([A-Za-z0-9_-]+)\.secret_/g;

/** A secret with a placeholder for each of its texts: what {@link RunInfo.secrets} keeps under its name. */
export function secretShape(name: string, secret: Json, nonce: string): Json {
  return mapTexts(secret, (_, path) => placeholder(path, nonce), [name]);
}

/** The value with the secret texts in place of those placeholders that stand in the run's shapes; all others stay what they are. */
export function fillSecrets(
  value: Json,
  shapes: RunInfo["secrets"],
  lookup: (path: readonly string[], placeholder: string) => string | undefined,
): Json {
  if (!mentions(value)) return value;
  const known = placeholdersOf(shapes);
  return mapTexts(value, (text) =>
    text.replace(pattern, (found) => {
      const path = known.get(found);
      return (path === undefined ? undefined : lookup(path, found)) ?? found;
    }),
  );
}

/** `$secrets`: what the workflow declares and the hub has. */
export function secretsOf(workflow: Workflow, info: RunInfo): Readonly<Record<string, Json>> {
  const declared = workflow.use?.secrets ?? [];
  return Object.fromEntries(
    declared
      .filter((name) => Object.hasOwn(info.secrets, name))
      .map((name) => [name, info.secrets[name] ?? null]),
  );
}

function placeholdersOf(shapes: RunInfo["secrets"]): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, readonly string[]>();
  mapTexts(shapes, (text, path) => {
    known.set(text, path);
    return text;
  });
  return known;
}

const mentions = (value: Json): boolean => someText(value, (text) => text.includes("_secret."));

function someText(value: Json, test: (text: string) => boolean): boolean {
  if (typeof value === "string") return test(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((item: Json) => someText(item, test));
}

/** A copy with every text in it changed; `path` leads to the text. */
export function mapTexts(
  value: Json,
  change: (text: string, path: readonly string[]) => string,
  path: readonly string[] = [],
): Json {
  if (typeof value === "string") return change(value, path);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value))
    return (value as readonly Json[]).map((item, index) => mapTexts(item, change, [...path, String(index)]));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapTexts(item, change, [...path, key])]),
  );
}
