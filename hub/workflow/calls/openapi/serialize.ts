import type { Json } from "#kernel/json.js";
import { callFailure } from "../failures.js";
import type { Parameter, Style } from "./model.js";
import { objectOf } from "./reader.js";

type Pair = readonly [name: string, value: string];

const separators: Readonly<Record<Style, string>> = {
  simple: ",",
  form: ",",
  spaceDelimited: " ",
  pipeDelimited: "|",
  tabDelimited: "\t",
  deepObject: ",",
};

/** A parameter's value as names and values, by its style; those of `path` and `header` are always one. */
export function serialized(parameter: Parameter, value: Json): readonly Pair[] {
  const { name, style, explode, json } = parameter;
  if (json) return [[name, JSON.stringify(value)]];
  const separator = separators[style];
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map(scalar);
    return explode && style !== "simple"
      ? items.map((item): Pair => [name, item])
      : [[name, items.join(separator)]];
  }
  const object = objectOf(value);
  if (object === undefined) return [[name, scalar(value)]];
  const pairs = Object.entries(object).map(([key, item]): Pair => [key, scalar(item)]);
  if (style === "deepObject") return pairs.map(([key, item]): Pair => [`${name}[${key}]`, item]);
  if (!explode) return [[name, pairs.flat().join(separator)]];
  return style === "simple" ? [[name, pairs.map((pair) => pair.join("=")).join(separator)]] : pairs;
}

/** For a path: nothing in it can change the path. Throws a failure of type `configuration`. */
export function pathPart(parameter: Parameter, value: Json): string {
  const text = serialized(parameter, value)[0]?.[1] ?? "";
  if (text !== "" && text !== "." && text !== "..") return encodeURIComponent(text);
  throw callFailure(
    "configuration",
    `The parameter ${parameter.name} is ${JSON.stringify(text)}, and stands in a path`,
  );
}

const scalar = (value: Json): string => (typeof value === "object" ? JSON.stringify(value) : String(value));
