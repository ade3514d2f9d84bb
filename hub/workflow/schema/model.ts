import type { Json } from "#kernel/json.js";

/** Whether a value fits a JSON Schema. */
export interface SchemaRequest {
  readonly schema: Json;
  readonly value: Json;
}

/** Why it does not, in one sentence; undefined when it does. */
export interface SchemaReply {
  readonly why: string | undefined;
}

/** Checks values against JSON Schemas. */
export interface Schemas {
  /** At once where that costs little, else as a promise. A check that takes too long counts as one that the value does not pass. */
  check(request: SchemaRequest): SchemaReply | Promise<SchemaReply>;
  close(): Promise<void>;
}
