import { BoundedThread } from "#kernel/bounded-thread.js";
import { isObject, type Json } from "#kernel/json.js";
import { sizeOf } from "#kernel/json-size.js";
import type { SchemaReply, SchemaRequest, Schemas } from "./model.js";
import { violation } from "./validate.js";

/** What an honest check takes at most, by far: a pattern over 1 MiB takes a fifth of a second. */
const maxCheckMs = 1_000;

/** Sizes of schema and value, multiplied, up to which a check without patterns and references takes some milliseconds at most. */
const maxAtOnce = 1_000_000;

/** Each of them can cost far more than its length says. */
const costly = ["pattern", "patternProperties", "$ref", "$dynamicRef"];

/** {@link violation}: at once where that costs little, else in a thread of its own, so that no schema holds the caller up. */
export class SchemaChecker implements Schemas {
  readonly #thread = new BoundedThread<SchemaRequest, SchemaReply>(
    new URL("./schema-worker.js", import.meta.url),
    "schemas",
  );
  readonly #cheap = new WeakMap<object, boolean>();

  check(request: SchemaRequest): SchemaReply | Promise<SchemaReply> {
    const { schema, value } = request;
    if (this.#isCheap(schema) && sizeOf(schema) * sizeOf(value) <= maxAtOnce)
      return { why: violation(schema, value) };
    return this.#inThread(request);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  async #inThread(request: SchemaRequest): Promise<SchemaReply> {
    const reply = await this.#thread.run(request, maxCheckMs);
    return reply === "late" ? { why: "The schema takes too long to check." } : reply;
  }

  #isCheap(schema: Json): boolean {
    if (typeof schema !== "object" || schema === null) return true;
    let known = this.#cheap.get(schema);
    if (known === undefined) {
      const has = isObject(schema) && costly.some((key) => Object.hasOwn(schema, key));
      known = !has && Object.values(schema).every((part: Json) => this.#isCheap(part));
      this.#cheap.set(schema, known);
    }
    return known;
  }
}
