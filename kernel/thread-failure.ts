import { ComityError, isErrorCode } from "./errors.js";

/** An error on its way out of a thread: a copy would keep its message, but neither its code nor its hint. */
export interface ThreadFailure {
  readonly message: string;
  readonly code: string | undefined;
  readonly hint: string | undefined;
  /** For logs. */
  readonly stack: string | undefined;
}

export function toFailure(error: unknown): ThreadFailure {
  if (!(error instanceof Error))
    return { message: String(error), code: undefined, hint: undefined, stack: undefined };
  const { message, stack } = error;
  const code = "code" in error ? String(error.code) : undefined;
  return { message, code, hint: error instanceof ComityError ? error.hint : undefined, stack };
}

/** The error again: a {@link ComityError} where the code is one of ours, else one with the code that it had. */
export function failureOf({ message, code, hint, stack }: ThreadFailure): Error {
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  if (code === undefined) return error;
  if (!isErrorCode(code)) return Object.assign(error, { code });
  return new ComityError(code, message, { ...(hint !== undefined && { hint }), cause: error });
}
