import { isObject, type Json } from "./json.js";

/** A key as a part of a JSON Pointer (RFC 6901). */
export const pointerPart = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");

/** The keys that a pointer leads through. */
export const pointerKeys = (pointer: string): readonly string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The value that a pointer leads to; undefined where it leads nowhere. */
export function valueAt(value: Json, pointer: string): Json | undefined {
  let here: Json | undefined = value;
  for (const key of pointerKeys(pointer)) {
    if (isObject(here)) here = Object.hasOwn(here, key) ? here[key] : undefined;
    else if (typeof here === "object" && here !== null && isIndex(key)) here = here[Number(key)];
    else return undefined;
  }
  return here;
}

/** The pointer in the fragment of a reference `#…`, where it is written as addresses are; a percent sign that encodes nothing stands for itself. */
export function pointerOfFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

const isIndex = (key: string): boolean => /^(0|[1-9]\d*)$/.test(key);
