import { isObject, type Json, type JsonObject } from "#kernel/json.js";
import { callEndpoints } from "../definition/call-model.js";
import type { AuthenticationUse } from "../definition/parts.js";
import { isExpression } from "../expression/template.js";
import { type Asking, fill } from "./dataflow.js";
import { fault } from "./errors.js";
import type { View } from "./scope.js";
import { secretsOf } from "./secrets.js";
import { expandUri } from "./uri.js";

type Path = readonly string[];
type Protocol = keyof typeof callEndpoints;

/** Where an argument has authentications besides those in its endpoints. */
const placed: Partial<Record<Protocol, readonly Path[]>> = {
  openapi: [["authentication"]],
  grpc: [["service", "authentication"]],
};

/**
 * The argument of a call by a protocol: expressions answered, URI templates expanded, authentications resolved. Texts of secrets
 * are placeholders; they can be used in authentications only (reading 3).
 */
export function* callArgument(view: View, protocol: Protocol, template: JsonObject): Asking<Json> {
  const endpoints = callEndpoints[protocol];
  const paths = [...(placed[protocol] ?? []), ...endpoints.map((path) => [...path, "authentication"])];
  let open: Json = template;
  for (const path of endpoints) {
    open = changed(open, path, (endpoint) => expanded(endpoint, view.input));
    open = changed(open, [...path, "uri"], (uri) => expanded(uri, view.input));
  }
  for (const path of paths) open = changed(open, path, () => null);
  let argument = yield* fill(view, open);
  for (const path of paths) {
    const use = at(template, path);
    if (use === undefined) continue;
    const resolved = yield* authentication(view, use as unknown as AuthenticationUse);
    argument = changed(argument, path, () => resolved);
  }
  return argument;
}

/** The values of an expanded template are percent-encoded, so that none of them can look like an expression. */
const expanded = (value: Json, input: Json): Json =>
  typeof value === "string" && !isExpression(value) ? expandUri(value, input) : value;

/** An authentication in place, with the fields of its secret where it names one. */
function* authentication(view: View, use: AuthenticationUse): Asking<Json> {
  const { program, state } = view.draft;
  const named = "use" in use ? program.workflow.use?.authentications?.[use.use] : use;
  if (named === undefined)
    throw fault("configuration", "The workflow has no such authentication", JSON.stringify(use).slice(0, 80));
  const secretly: View = { ...view, stage: { ...view.stage, secrets: true } };
  const filled = (yield* fill(secretly, named)) as JsonObject;
  const secrets = secretsOf(program.workflow, state.info);
  return Object.fromEntries(
    Object.entries(filled).map(([scheme, fields]) => {
      const name = at(fields, ["use"]);
      if (typeof name !== "string") return [scheme, fields];
      if (!Object.hasOwn(secrets, name))
        throw fault(
          "authorization",
          `The workflow has no secret ${name}`,
          "A secret must stand in use.secrets, and the hub must have it.",
        );
      return [scheme, secrets[name] ?? null];
    }),
  );
}

function at(value: Json, path: Path): Json | undefined {
  let here: Json | undefined = value;
  for (const key of path) {
    if (!isObject(here) || !Object.hasOwn(here, key)) return undefined;
    here = here[key];
  }
  return here;
}

/** A copy with another value at a path; the same where there is nothing at the path. */
function changed(value: Json, [key, ...rest]: Path, change: (old: Json) => Json): Json {
  if (key === undefined) return change(value);
  if (!isObject(value) || !Object.hasOwn(value, key)) return value;
  return { ...value, [key]: changed(value[key] ?? null, rest, change) };
}
