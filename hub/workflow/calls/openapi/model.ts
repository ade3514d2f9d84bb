import type { JsonObject } from "#kernel/json.js";

/** Where a parameter goes. */
export type Place = "path" | "query" | "header" | "cookie";

/** How lists and objects become text (OpenAPI 3.0, "Style Values"). */
export type Style = "simple" | "form" | "spaceDelimited" | "pipeDelimited" | "tabDelimited" | "deepObject";

export interface Parameter {
  readonly name: string;
  readonly place: Place;
  readonly required: boolean;
  readonly style: Style;
  readonly explode: boolean;
  /** The value goes as JSON, whatever it is. */
  readonly json: boolean;
}

/** The body of an operation. */
export interface BodyRule {
  /** The name of its parameter; `body` is always good, too. */
  readonly name: string;
  readonly required: boolean;
  /** Media types that the operation takes; the first that we can write is used. */
  readonly types: readonly string[];
  /** Fields of a form that are parameters of their own (OpenAPI 2.0). */
  readonly fields: readonly { readonly name: string; readonly required: boolean }[];
}

/** An operation, whichever version of OpenAPI describes it. */
export interface Operation {
  readonly method: string;
  /** Where its service is, without a slash at the end. */
  readonly server: string;
  /** With `{name}` for each parameter of place `path`. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body?: BodyRule;
  /** Media types of its answers. */
  readonly accept: readonly string[];
}

/** An operation where it stands in the document. */
export interface FoundOperation {
  readonly method: string;
  readonly path: string;
  readonly item: JsonObject;
  readonly operation: JsonObject;
  /** Its own parameters and those of its path, each by reference or in place. */
  readonly parameters: readonly JsonObject[];
}
