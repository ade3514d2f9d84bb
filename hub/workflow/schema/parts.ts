import type { Json, JsonObject } from "#kernel/json.js";

/** A schema that is an object. */
export type Schema = JsonObject;

/** Checks a part with the rest of the schema's machinery. */
export type Inner = (schema: Json, value: Json, at: string, seen?: Set<string>) => string | undefined;

/** A fault as a sentence after a colon; `why` is what its place does, or must do. */
export const fault = (at: string, why: string): string => `${at === "" ? "it" : at} ${why}.`;

/** The items; none where there is no list. */
export const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : [];
