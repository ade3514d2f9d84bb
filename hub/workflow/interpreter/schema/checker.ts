import { BoundedThread } from "#kernel/bounded-thread.js";
import { isObject, type Json } from "#kernel/json.js";
import { sizeOf } from "../size.js";
import { violation } from "./validate.js";

export interface SchemaRequest {
  readonly schema: Json;
  readonly value: Json;
}

export interface SchemaReply {
  readonly why: string | undefined;
}

/** What an honest check takes at most, by far: a pattern over 1 MiB takes a fifth of a second. */
const maxCheckMs = 1_000;

/** Sizes of schema and value, multiplied, up to which a check without patterns and references takes some milliseconds at most. */
const maxAtOnce = 1_000_000;

/** Each of them can cost far more than its length says. */
const costly = ["pattern", "patternProperties", "$ref", "$dynamicRef"];

const isCheap = new WeakMap<object, boolean>();

const thread = new BoundedThread<SchemaRequest, SchemaReply>(
  new URL("./schema-worker.js", import.meta.url),
  "schemas",
);

/**
 * Why a value does not fit a schema, as {@link violation} tells it: at once where that costs little, else from a thread of its own, so
 * that no schema holds the caller up. A check that takes too long counts as one that the value does not pass.
 */
export function checkSchema({ schema, value }: SchemaRequest): SchemaReply | Promise<SchemaReply> {
  if (cheap(schema) && sizeOf(schema) * sizeOf(value) <= maxAtOnce) return { why: violation(schema, value) };
  return inThread({ schema, value });
}

async function inThread(request: SchemaRequest): Promise<SchemaReply> {
  const reply = await thread.run(request, maxCheckMs);
  return reply === "late" ? { why: "The schema takes too long to check." } : reply;
}

function cheap(schema: Json): boolean {
  if (typeof schema !== "object" || schema === null) return true;
  let known = isCheap.get(schema);
  if (known === undefined) {
    const has = isObject(schema) && costly.some((key) => Object.hasOwn(schema, key));
    known = !has && Object.values(schema).every(cheap);
    isCheap.set(schema, known);
  }
  return known;
}
