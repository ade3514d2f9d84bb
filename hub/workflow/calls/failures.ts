import { FunctionFailure } from "#hub/workflow/function.js";
import { type StandardError, standardError } from "#hub/workflow/interpreter/errors.js";

interface More {
  readonly detail?: string;
  /** Instead of a detail: what a service has said, whole. */
  readonly heard?: string;
  readonly status?: number;
  readonly cause?: unknown;
}

/** A standard error of a call. `status` is one of HTTP; without one it is the type's own. */
export function callFailure(
  type: StandardError,
  title: string,
  { cause, heard, ...more }: More = {},
): FunctionFailure {
  if (heard === undefined || heard === "")
    return new FunctionFailure(standardError(type, title, more), { cause });
  return new FunctionFailure(standardError(type, title, { ...more, detail: heard }), {
    cause,
    isHeard: true,
  });
}
