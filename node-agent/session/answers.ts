import { type Deferred, deferred } from "#kernel/async.js";
import { type ComityError, isErrorCode } from "#kernel/errors.js";
import { printable } from "#kernel/words.js";
import type { AnswerRefused__Output } from "#proto/generated/comity/v1/AnswerRefused.js";
import type { Receipt__Output } from "#proto/generated/comity/v1/Receipt.js";
import { AnswerRefused } from "../assignments/hub.js";

/** The answers that have gone over one session and that the hub has not spoken of yet, by their op_id. */
export class PendingAnswers {
  readonly #pending = new Map<string, Deferred<Receipt__Output>>();
  #fault: ComityError | undefined;

  /** Sends an answer and waits for the hub's word on it. Throws {@link AnswerRefused}, the end of the session, or the signal's reason. */
  async send(opId: string, signal: AbortSignal, send: () => void): Promise<Receipt__Output> {
    signal.throwIfAborted();
    if (this.#fault !== undefined) throw this.#fault;
    const reply = deferred<Receipt__Output>();
    const abort = (): void => reply.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    this.#pending.set(opId, reply);
    try {
      send();
      return await reply.promise;
    } finally {
      signal.removeEventListener("abort", abort);
      if (this.#pending.get(opId) === reply) this.#pending.delete(opId);
    }
  }

  /** The hub has an answer. */
  receipt(receipt: Receipt__Output): void {
    this.#pending.get(receipt.opId)?.resolve(receipt);
  }

  /** The hub does not take an answer. */
  refused({ opId, code, reason, hint, retryable }: AnswerRefused__Output): void {
    const known = isErrorCode(code);
    const text = known ? reason : `${printable(code, 60)}: ${reason}`;
    this.#pending
      .get(opId)
      ?.reject(new AnswerRefused(known ? code : "MESSAGE_INVALID", printable(text), { hint, retryable }));
  }

  /** The session is over: nothing will come any more. */
  end(fault: ComityError): void {
    this.#fault = fault;
    for (const reply of this.#pending.values()) reply.reject(fault);
  }
}
