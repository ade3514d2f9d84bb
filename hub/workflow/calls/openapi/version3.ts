import type { Json, JsonObject } from "#kernel/json.js";
import { callFailure } from "../failures.js";
import { urlOf } from "../urls.js";
import type { BodyRule, FoundOperation, Operation, Parameter, Place, Style } from "./model.js";
import { type DocumentReader, objectOf, textOf } from "./reader.js";

const places: readonly Place[] = ["path", "query", "header", "cookie"];
/** The document cannot say these as parameters (OpenAPI 3.0, "Parameter Object"). */
const ignoredHeaders = ["accept", "content-type", "authorization"];
const known: Readonly<Record<Place, readonly Style[]>> = {
  path: ["simple"],
  query: ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
  header: ["simple"],
  cookie: ["form"],
};

/** An operation of OpenAPI 3.x. */
export function operation3(found: FoundOperation, reader: DocumentReader, url: URL): Operation {
  const { method, path, item, operation, parameters } = found;
  const body = bodyOf(reader.object(operation["requestBody"]));
  const answers = Object.values(objectOf(operation["responses"]) ?? {});
  const accept = answers.flatMap((one) => Object.keys(objectOf(reader.object(one)?.["content"]) ?? {}));
  const servers = [operation, item, reader.root].map((one) => reader.objects(one["servers"])[0]);
  return {
    method,
    path,
    server: serverOf(
      servers.find((server) => server !== undefined),
      url,
    ),
    parameters: parameters.flatMap(parameterOf),
    ...(body === undefined ? {} : { body }),
    accept: [...new Set(accept)],
  };
}

/** The first server counts, with the defaults of its variables; it may be relative to the document. */
function serverOf(server: JsonObject | undefined, url: URL): string {
  const variables = objectOf(server?.["variables"]) ?? {};
  const filled = (textOf(server?.["url"]) ?? "/").replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const value = objectOf(variables[name])?.["default"];
    if (typeof value === "string") return value;
    throw callFailure("configuration", `The document's server has no default for {${name.slice(0, 80)}}`);
  });
  return urlOf(filled, url).href.replace(/\/$/, "");
}

function parameterOf(one: JsonObject): readonly Parameter[] {
  const place = places.find((name) => name === one["in"]);
  const name = textOf(one["name"]) ?? "";
  if (place === undefined || (place === "header" && ignoredHeaders.includes(name.toLowerCase()))) return [];
  const wished = textOf(one["style"]);
  const style = known[place].find((option) => wished === undefined || option === wished);
  if (style === undefined)
    throw callFailure(
      "configuration",
      `The style ${wished ?? ""} of the parameter ${name} is not supported`,
      {
        detail: `In ${place} there is ${known[place].join(", ")}.`,
      },
    );
  const { explode } = one;
  return [
    {
      name,
      place,
      style,
      required: one["required"] === true || place === "path",
      explode: typeof explode === "boolean" ? explode : style === "form",
      json: isJson(objectOf(one["content"])),
    },
  ];
}

const isJson = (content: Readonly<Record<string, Json>> | undefined): boolean =>
  Object.keys(content ?? {}).some((type) => type.includes("json"));

function bodyOf(body: JsonObject | undefined): BodyRule | undefined {
  if (body === undefined) return undefined;
  const types = Object.keys(objectOf(body["content"]) ?? {});
  return { name: "body", required: body["required"] === true, types, fields: [] };
}
