import { FunctionFailure } from "#hub/workflow/function.js";
import { type StandardError, standardError } from "#hub/workflow/interpreter/errors.js";

/** A standard error of a call. `status` is one of HTTP; without one it is the type's own. */
export function callFailure(
  type: StandardError,
  title: string,
  { cause, ...more }: { readonly detail?: string; readonly status?: number; readonly cause?: unknown } = {},
): FunctionFailure {
  return new FunctionFailure(standardError(type, title, more), { cause });
}
