import type { JsonObject } from "#kernel/json.js";
import type { BodyRule, FoundOperation, Operation, Parameter, Style } from "./model.js";
import { type DocumentReader, textOf, textsOf } from "./reader.js";

const styles: ReadonlyMap<string, Style> = new Map([
  ["csv", "form"],
  ["ssv", "spaceDelimited"],
  ["tsv", "tabDelimited"],
  ["pipes", "pipeDelimited"],
  ["multi", "form"],
]);

/** An operation of OpenAPI 2.0 ("Swagger"). */
export function operation2(found: FoundOperation, { root }: DocumentReader, url: URL): Operation {
  const { method, path, operation, parameters } = found;
  const place = (one: JsonObject) => textOf(one["in"]);
  const body = bodyOf(
    parameters.find((one) => place(one) === "body"),
    parameters.filter((one) => place(one) === "formData"),
    textsOf(operation["consumes"] ?? root["consumes"]),
  );
  return {
    method,
    path,
    server: serverOf(operation, root, url),
    parameters: parameters.flatMap(parameterOf),
    ...(body === undefined ? {} : { body }),
    accept: textsOf(operation["produces"] ?? root["produces"]),
  };
}

function serverOf(operation: JsonObject, root: JsonObject, url: URL): string {
  const told = textsOf(operation["schemes"] ?? root["schemes"]);
  const scheme = told.includes("https") ? "https" : (told[0] ?? url.protocol.slice(0, -1));
  const path = (textOf(root["basePath"]) ?? "").replace(/\/$/, "");
  return `${scheme}://${textOf(root["host"]) ?? url.host}${path}`;
}

function parameterOf(one: JsonObject): readonly Parameter[] {
  const place = one["in"];
  if (place !== "path" && place !== "query" && place !== "header") return [];
  const format = textOf(one["collectionFormat"]) ?? "csv";
  return [
    {
      name: textOf(one["name"]) ?? "",
      place,
      required: one["required"] === true || place === "path",
      style: place === "query" ? (styles.get(format) ?? "form") : "simple",
      explode: place === "query" && format === "multi",
      json: false,
    },
  ];
}

function bodyOf(
  body: JsonObject | undefined,
  form: readonly JsonObject[],
  consumes: readonly string[],
): BodyRule | undefined {
  if (body !== undefined)
    return {
      name: textOf(body["name"]) ?? "body",
      required: body["required"] === true,
      types: consumes.length > 0 ? consumes : ["application/json"],
      fields: [],
    };
  if (form.length === 0) return undefined;
  return {
    name: "body",
    required: false,
    types: consumes.length > 0 ? consumes : ["application/x-www-form-urlencoded"],
    fields: form.map((one) => ({ name: textOf(one["name"]) ?? "", required: one["required"] === true })),
  };
}
