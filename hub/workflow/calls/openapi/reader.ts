import { isList, isObject, type Json, type JsonObject } from "#kernel/json.js";
import { pointerOfFragment, valueAt } from "#kernel/json-pointer.js";
import { callFailure } from "../failures.js";

/** A chain of references longer than this goes round in a ring. */
const maxSteps = 16;

/** Looks up the parts of a document; references lead within the document only. */
export class DocumentReader {
  readonly root: JsonObject;

  constructor(root: Json) {
    this.root = objectOf(root) ?? {};
  }

  /** An object, with the reference followed that may stand in its place. Throws a failure of type `configuration`. */
  object(value: Json | undefined): JsonObject | undefined {
    let here = objectOf(value);
    for (let steps = 0; steps < maxSteps; steps++) {
      const ref = here?.["$ref"];
      if (typeof ref !== "string") return here;
      here = objectOf(this.#at(ref));
    }
    throw callFailure("configuration", "A reference in the document leads back to itself");
  }

  /** The objects of a list. */
  objects(value: Json | undefined): readonly JsonObject[] {
    const list = isList(value) ? value : [];
    return list.map((item) => this.object(item)).filter((item) => item !== undefined);
  }

  #at(ref: string): Json | undefined {
    if (!ref.startsWith("#/"))
      throw callFailure("configuration", `The document refers to ${ref.slice(0, 200)}`, {
        detail: "Only references within the same document (#/…) are followed.",
      });
    return valueAt(this.root, pointerOfFragment(ref.slice(1)));
  }
}

export const objectOf = (value: Json | undefined): JsonObject | undefined =>
  isObject(value) ? value : undefined;

export const textOf = (value: Json | undefined): string | undefined =>
  typeof value === "string" ? value : undefined;

/** The texts of a list. */
export const textsOf = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((item: Json) => typeof item === "string") : [];
