import type { Json, JsonObject } from "#kernel/json.js";
import { didYouMean, listWords } from "#kernel/words.js";
import { mediaType } from "../body.js";
import { encodeBody } from "../encode.js";
import { callFailure } from "../failures.js";
import type { HttpRequest } from "../model.js";
import { urlOf } from "../urls.js";
import type { BodyRule, Operation } from "./model.js";
import { pathPart, serialized } from "./serialize.js";

/** The request that an operation asks for with these parameters. Throws a failure of type `configuration` for what does not fit. */
export function requestOf(operation: Operation, given: JsonObject): HttpRequest {
  const { method, server, path, parameters, body, accept } = operation;
  checkNames(operation, given);
  let filled = path;
  const query: (readonly [string, string])[] = [];
  const cookies: string[] = [];
  const headers: Record<string, string> = {};
  if (accept.length > 0) headers["accept"] = accept.join(", ");
  for (const parameter of parameters) {
    const { name, place } = parameter;
    const value = own(given, name);
    if (value === undefined || value === null) continue;
    if (place === "path") filled = filled.replaceAll(`{${name}}`, pathPart(parameter, value));
    else if (place === "query") query.push(...serialized(parameter, value));
    else if (place === "header") headers[name.toLowerCase()] = serialized(parameter, value)[0]?.[1] ?? "";
    else
      cookies.push(
        ...serialized(parameter, value).map(([key, text]) => `${key}=${encodeURIComponent(text)}`),
      );
  }
  if (cookies.length > 0) headers["cookie"] = cookies.join("; ");
  const url = urlOf(`${server}${filled.startsWith("/") ? "" : "/"}${filled}`);
  for (const [name, value] of query) url.searchParams.append(name, value);
  const content = body === undefined ? undefined : contentOf(body, given);
  if (body === undefined || content === undefined) return { method, url, headers };
  const encoded = encodeBody(content, typeOf(body));
  return { method, url, body: encoded.body, headers: { ...headers, ...encoded.headers } };
}

function checkNames({ parameters, body }: Operation, given: JsonObject): void {
  const fields = body?.fields ?? [];
  const required = [...parameters, ...fields].filter((one) => one.required).map(({ name }) => name);
  const missing = required.find((name) => (own(given, name) ?? null) === null);
  if (missing !== undefined)
    throw callFailure("configuration", `The operation needs the parameter ${missing}`);
  if (body?.required === true && contentOf(body, given) === undefined)
    throw callFailure("configuration", `The operation needs a body, as the parameter ${body.name}`);
  const names = [...parameters, ...fields].map(({ name }) => name);
  const known = [...names, ...(body === undefined ? [] : fields.length > 0 ? [] : [body.name, "body"])];
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const guess = didYouMean(unknown, known);
  throw callFailure(
    "configuration",
    `The operation has no parameter ${JSON.stringify(unknown)}${guess || "."}`,
    {
      detail: known.length === 0 ? "It has none." : `It has ${listWords([...new Set(known)])}.`,
    },
  );
}

function contentOf({ name, fields }: BodyRule, given: JsonObject): Json | undefined {
  if (fields.length === 0) return own(given, name) ?? own(given, "body");
  const filled = fields.flatMap((field) => {
    const value = own(given, field.name);
    return value === undefined ? [] : [[field.name, value] as const];
  });
  return filled.length === 0 ? undefined : Object.fromEntries(filled);
}

/** The first media type that we can write: JSON before forms before text. Throws a failure where there is none. */
function typeOf({ types }: BodyRule): string {
  const isJson = (media: string) =>
    media === "application/json" || media.endsWith("+json") || media === "*/*";
  const tests = [
    isJson,
    (media: string) => media === "application/x-www-form-urlencoded",
    (media: string) => media.startsWith("text/"),
  ];
  for (const test of tests) {
    const found = types.find((type) => test(mediaType(type).media));
    if (found !== undefined) return found === "*/*" ? "application/json" : found;
  }
  throw callFailure(
    "configuration",
    `The operation takes ${types.join(", ").slice(0, 200) || "no known type"}`,
    {
      detail: "The hub writes JSON, application/x-www-form-urlencoded and text.",
    },
  );
}

const own = (given: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(given, name) ? given[name] : undefined;
