import { FunctionFailure } from "#hub/workflow/function.js";
import type { WorkflowError } from "#hub/workflow/interpreter/model.js";
import { ComityError, type ErrorCode, isErrorCode } from "#kernel/errors.js";
import { status } from "#kernel/grpc-status.js";

/** The type of an error with one of Comity's own codes; a workflow may catch it by this. */
const ownType = "urn:comity:error:";

/** What a code means in the numbers of HTTP, which the language counts in: by the code where its gRPC status is too coarse. */
const statusOfCode: Partial<Record<ErrorCode, number>> = {
  QUORUM_LOST: 424,
  SITES_TOO_FEW: 424,
  SITE_VANISHED: 424,
  DATASET_MISSING: 424,
  DISK_FULL: 507,
  EXPRESSION_FAILED: 400,
  TASK_FAILED: 500,
};

/** What a gRPC status means in the numbers of HTTP; 500 for those that are not here. */
export const statusOfGrpc: Readonly<Record<number, number>> = {
  [status.INVALID_ARGUMENT]: 400,
  [status.OUT_OF_RANGE]: 400,
  [status.UNAUTHENTICATED]: 401,
  [status.PERMISSION_DENIED]: 403,
  [status.NOT_FOUND]: 404,
  [status.ALREADY_EXISTS]: 409,
  [status.ABORTED]: 409,
  [status.FAILED_PRECONDITION]: 412,
  [status.RESOURCE_EXHAUSTED]: 429,
  [status.UNIMPLEMENTED]: 501,
  [status.UNAVAILABLE]: 503,
  [status.DEADLINE_EXCEEDED]: 504,
};

/** What a failed call, or a fault of the hub's own, is to the workflow. */
export function workflowErrorOf(thrown: unknown): WorkflowError {
  if (thrown instanceof FunctionFailure) return thrown.workflowError;
  const error = ComityError.from(thrown);
  return {
    type: `${ownType}${error.code}`,
    status: statusOfCode[error.code] ?? statusOfGrpc[error.kind.grpc] ?? 500,
    title: error.code,
    detail: error.message,
  };
}

/** The code that a failed run shows. */
export function codeOf({ type }: WorkflowError): ErrorCode {
  const code = type.startsWith(ownType) ? type.slice(ownType.length) : "";
  return isErrorCode(code) ? code : "TASK_FAILED";
}

/** The sentence that a failed run shows. */
export function sentenceOf({ type, title, detail }: WorkflowError): string {
  if (title !== undefined && detail !== undefined && !type.startsWith(ownType)) return `${title}: ${detail}`;
  return detail ?? title ?? type;
}
