import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { OpId } from "#kernel/ids.js";
import { canonicalJson } from "#kernel/json.js";
import type { Store, Tx } from "./store.js";

/** A call that changes something, as its repetitions are recognised. */
export interface Operation {
  readonly opId: OpId;
  /** Who asks, for example `operator:ada`. */
  readonly actor: string;
  readonly method: string;
  /** What is asked, without the id. */
  readonly content: unknown;
}

/**
 * One effect for each `op_id`: the same id with the same content gives the stored answer, with another content it is refused
 * with `OP_ID_REUSED`. The effect and the answer are one transaction.
 */
export async function once<T>(
  store: Store,
  operation: Operation,
  nowMs: number,
  effect: (tx: Tx) => Promise<T>,
): Promise<T> {
  const contentSha256 = hashBytes(canonicalJson(operation.content));
  return store.write(async (tx) => {
    const stored = await tx.db
      .selectFrom("operations")
      .selectAll()
      .where("op_id", "=", operation.opId)
      .executeTakeFirst();
    if (stored !== undefined) {
      if (
        stored.actor === operation.actor &&
        stored.method === operation.method &&
        stored.content_sha256 === contentSha256
      ) {
        return JSON.parse(stored.reply) as T;
      }
      throw new ComityError(
        "OP_ID_REUSED",
        `The op_id ${operation.opId} was used before for something else.`,
        {
          hint: "Take a new op_id for a new request; repeat an old one unchanged.",
        },
      );
    }
    const reply = await effect(tx);
    await tx.db
      .insertInto("operations")
      .values({
        op_id: operation.opId,
        actor: operation.actor,
        method: operation.method,
        content_sha256: contentSha256,
        reply: JSON.stringify(reply),
        at_ms: nowMs,
      })
      .execute();
    return reply;
  });
}
