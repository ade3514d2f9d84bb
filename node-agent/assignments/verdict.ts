import { ComityError, type ErrorCode, isErrorCode, isSystemError } from "#kernel/errors.js";
import { printable } from "#kernel/words.js";
import { AnswerRefused } from "./hub.js";
import type { Reason } from "./model.js";

/** Codes whose sentence may quote the site's data: the hub is told the code and a sentence without it. */
const quoting: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["DATA_INVALID", "INTERNAL"]);

/**
 * Codes after which the same bytes may be sent again, besides those that the catalogue calls retryable. A hub that refuses the
 * site as a whole has not judged the answer: it stays in the outbox, and the session ends the agent.
 */
const sendAgain: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "INTERNAL",
  "STORE_BUSY",
  "UNAUTHENTICATED",
  "CERTIFICATE_INVALID",
  "SITE_REVOKED",
  "SESSION_REPLACED",
  "PROTOCOL_UNSUPPORTED",
]);

/** Any thrown thing as a ComityError; errors of other rooms keep their code if the catalogue knows it. */
export function toComityError(thrown: unknown): ComityError {
  if (!(thrown instanceof ComityError) && thrown instanceof Error && "code" in thrown) {
    if (typeof thrown.code === "string" && isErrorCode(thrown.code)) {
      return new ComityError(thrown.code, thrown.message, { cause: thrown });
    }
  }
  return ComityError.from(thrown);
}

/** Why the work failed, as the hub may know it: never a value from the data, which an error's sentence may quote. */
export function reasonForHub(error: ComityError): Reason {
  const retryable = error.kind.retryable ?? false;
  if (error.code === "INTERNAL") {
    return {
      code: "WORK_FAILED",
      text: "Something unexpected went wrong at the site; its own log says more.",
      retryable: true,
    };
  }
  if (quoting.has(error.code)) {
    return {
      code: error.code,
      text: "The site's data cannot be used for this work; the site's own log says why.",
      retryable,
    };
  }
  return { code: error.code, text: printable(error.message), retryable };
}

/** Whether a transfer that failed should be tried again as it is. What neither the hub nor the disk said is a fault of ours, and is not. */
export function isWorthTryingAgain(thrown: unknown): boolean {
  if (!(thrown instanceof ComityError)) return isSystemError(thrown, "ENOSPC");
  if (thrown instanceof AnswerRefused && thrown.retryable) return true;
  return (thrown.kind.retryable ?? false) || sendAgain.has(thrown.code);
}
