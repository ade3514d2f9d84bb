import { ComityError, type ErrorCode } from "#kernel/errors.js";
import type { FromAgent } from "#proto/generated/comity/v1/FromAgent.js";
import type { Receipt__Output } from "#proto/generated/comity/v1/Receipt.js";
import type { UploadHeader } from "#proto/generated/comity/v1/UploadHeader.js";
import type { RpcChannel } from "#proto/rpc/channel.js";

/** A connection to the hub with a session on it. */
export interface HubLink {
  readonly channel: RpcChannel;
  /** Fires when the session has broken off, with a retryable error as its reason: calls on the same connection are not waited for. */
  readonly lost: AbortSignal;
  /** Whether the hub takes small answers over the session. */
  readonly takesAnswers: boolean;
  /**
   * Sends a small answer over the session and waits until the hub has it. Throws {@link AnswerRefused}, what has ended the session, or the
   * signal's reason.
   */
  answer(header: UploadHeader, signal: AbortSignal): Promise<Receipt__Output>;
  /** Keeps the connection open while a call uses it, also when a newer one has taken its place; the returned function lets it go. */
  hold(): () => void;
}

/** The hub did not take an answer that came over the session. */
export class AnswerRefused extends ComityError {
  /** Whether the hub may take the same answer later. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, { hint, retryable }: { hint: string; retryable: boolean }) {
    super(code, message, hint === "" ? {} : { hint });
    this.retryable = retryable;
  }
}

/** How the assignments reach the hub. The session may come and go meanwhile. */
export interface HubPort {
  /** Sends over the session. Lost when there is none, which does no harm: the next Hello tells what is held, and the hub offers the rest again. */
  send(message: FromAgent): void;
  /** The present connection, or the next one. Rejects when the signal fires. */
  link(signal: AbortSignal): Promise<HubLink>;
}
