import type { Json, JsonObject } from "#kernel/json.js";
import { didYouMean } from "#kernel/words.js";
import { callFailure } from "../failures.js";
import type { Operation } from "./model.js";
import { DocumentReader, objectOf, textOf } from "./reader.js";
import { operation2 } from "./version2.js";
import { operation3 } from "./version3.js";

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** Finds an operation by its id. `url` is where the document is from. Throws a failure of type `configuration`. */
export function findOperation(document: Json, operationId: string, url: URL): Operation {
  const reader = new DocumentReader(document);
  const { root } = reader;
  const version = textOf(root["swagger"]) ?? textOf(root["openapi"]) ?? "";
  const read = version.startsWith("2.") ? operation2 : version.startsWith("3.") ? operation3 : undefined;
  if (read === undefined)
    throw callFailure("configuration", "The document is none of OpenAPI 2.0, 3.0, 3.1 or 3.2", {
      detail: "It needs the key `openapi` or `swagger` with its version.",
    });
  const ids: string[] = [];
  for (const [path, value] of Object.entries(objectOf(root["paths"]) ?? {})) {
    const item = reader.object(value) ?? {};
    for (const method of methods) {
      const operation = reader.object(item[method]);
      const id = textOf(operation?.["operationId"]);
      if (id !== undefined) ids.push(id);
      if (operation === undefined || id !== operationId) continue;
      const found = { method, path, item, operation, parameters: parametersOf(reader, item, operation) };
      return read(found, reader, url);
    }
  }
  throw callFailure("configuration", `The document has no operation ${JSON.stringify(operationId)}`, {
    detail: `It has ${ids.length} with an id${didYouMean(operationId, ids) || "."}`,
  });
}

/** An operation's own parameter goes before one of its path with the same name and place. */
function parametersOf(
  reader: DocumentReader,
  item: JsonObject,
  operation: JsonObject,
): readonly JsonObject[] {
  const all = [...reader.objects(item["parameters"]), ...reader.objects(operation["parameters"])];
  return [...new Map(all.map((one) => [JSON.stringify([one["in"], one["name"]]), one])).values()];
}
