import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { OpId } from "#kernel/ids.js";
import { canonicalJson } from "#kernel/json.js";
import type { Db } from "./schema.js";
import type { Store } from "./store.js";
import type { Tx } from "./tx.js";

/** A call that changes something, as its repetitions are recognised. */
export interface Operation {
  /** Undefined for what the hub does by itself: the effect has other ways to be made once. */
  readonly opId: OpId | undefined;
  /** Who asks, for example `operator:ada`. */
  readonly actor: string;
  readonly method: string;
  /** What is asked, without the id. */
  readonly content: unknown;
}

/** An operation that has its id. */
export type NamedOperation = Operation & { readonly opId: OpId };

/** The stored answer to an operation; undefined when it is new. Throws `OP_ID_REUSED` when its id stands for another one. */
export async function storedOperation(
  db: Db,
  { opId, actor, method, content }: NamedOperation,
): Promise<{ readonly reply: string } | undefined> {
  const stored = await db.selectFrom("operations").selectAll().where("op_id", "=", opId).executeTakeFirst();
  if (stored === undefined) return undefined;
  const same =
    stored.actor === actor &&
    stored.method === method &&
    stored.content_sha256 === hashBytes(canonicalJson(content));
  if (same) return { reply: stored.reply };
  throw new ComityError("OP_ID_REUSED", `The op_id ${opId} was used before for something else.`, {
    hint: "Take a new op_id for a new request; repeat an old one unchanged.",
  });
}

/** Keeps the answer to an operation, in the transaction of its effect. */
export async function keepOperation(
  db: Db,
  { opId, actor, method, content }: NamedOperation,
  reply: string,
  nowMs: number,
): Promise<void> {
  await db
    .insertInto("operations")
    .values({
      op_id: opId,
      actor,
      method,
      content_sha256: hashBytes(canonicalJson(content)),
      reply,
      at_ms: nowMs,
    })
    .execute();
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
  const { opId } = operation;
  if (opId === undefined) return store.write(effect);
  return store.write(async (tx) => {
    const stored = await storedOperation(tx.db, { ...operation, opId });
    if (stored !== undefined) return JSON.parse(stored.reply) as T;
    const reply = await effect(tx);
    await keepOperation(tx.db, { ...operation, opId }, JSON.stringify(reply), nowMs);
    return reply;
  });
}
