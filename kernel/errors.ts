import { status } from "./grpc-status.js";

/** One row of the catalogue: how an error code shows itself on the wire and in the shell. */
interface ErrorKind {
  /** The gRPC status that carries the code. */
  readonly grpc: number;
  /** The exit code of the `comity` command. See docs/reference/exit-codes.md. */
  readonly exit: number;
  /** Whether the same call may succeed later without a change. */
  readonly retryable?: boolean;
}

/** Exit codes by kind; the ranges are documented in docs/reference/exit-codes.md. */
export const exit = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  config: 10,
  connection: 20,
  identity: 30,
  runFailed: 40,
  refused: 50,
  notFound: 60,
} as const;

/**
 * Every error code of Comity. A code is stable for ever: it is what programs may decide by.
 * docs/reference/errors.md has a section for each, and a test holds the two together.
 */
export const errorKinds = {
  INTERNAL: { grpc: status.INTERNAL, exit: exit.unexpected },
  USAGE: { grpc: status.INVALID_ARGUMENT, exit: exit.usage },
  CONFIG_INVALID: { grpc: status.INVALID_ARGUMENT, exit: exit.config },
  DIRECTORY_INVALID: { grpc: status.FAILED_PRECONDITION, exit: exit.config },
  DATA_INVALID: { grpc: status.FAILED_PRECONDITION, exit: exit.config },
  STORE_DAMAGED: { grpc: status.DATA_LOSS, exit: exit.config },
  STORE_MISSING: { grpc: status.FAILED_PRECONDITION, exit: exit.config },
  STORE_FOREIGN: { grpc: status.FAILED_PRECONDITION, exit: exit.config },
  STORE_OLDER: { grpc: status.FAILED_PRECONDITION, exit: exit.config },
  STORE_BUSY: { grpc: status.FAILED_PRECONDITION, exit: exit.config },
  STORE_UNREACHABLE: { grpc: status.UNAVAILABLE, exit: exit.connection, retryable: true },
  DISK_FULL: { grpc: status.RESOURCE_EXHAUSTED, exit: exit.unexpected, retryable: true },
  ARGUMENT_INVALID: { grpc: status.INVALID_ARGUMENT, exit: exit.usage },
  OP_ID_REUSED: { grpc: status.ALREADY_EXISTS, exit: exit.usage },
  KEY_REUSED: { grpc: status.ALREADY_EXISTS, exit: exit.usage },
  ALREADY_EXISTS: { grpc: status.ALREADY_EXISTS, exit: exit.usage },
  HUB_UNREACHABLE: { grpc: status.UNAVAILABLE, exit: exit.connection, retryable: true },
  HUB_DRAINING: { grpc: status.UNAVAILABLE, exit: exit.connection, retryable: true },
  DEADLINE_EXCEEDED: { grpc: status.DEADLINE_EXCEEDED, exit: exit.connection, retryable: true },
  PROXY_INVALID: { grpc: status.FAILED_PRECONDITION, exit: exit.connection },
  PROTOCOL_UNSUPPORTED: { grpc: status.FAILED_PRECONDITION, exit: exit.connection },
  RATE_LIMITED: { grpc: status.RESOURCE_EXHAUSTED, exit: exit.connection, retryable: true },
  MESSAGE_TOO_LARGE: { grpc: status.RESOURCE_EXHAUSTED, exit: exit.usage },
  MESSAGE_INVALID: { grpc: status.INVALID_ARGUMENT, exit: exit.unexpected },
  UNAUTHENTICATED: { grpc: status.UNAUTHENTICATED, exit: exit.identity },
  PERMISSION_DENIED: { grpc: status.PERMISSION_DENIED, exit: exit.refused },
  TOKEN_INVALID: { grpc: status.UNAUTHENTICATED, exit: exit.identity },
  TOKEN_USED: { grpc: status.UNAUTHENTICATED, exit: exit.identity },
  PIN_MISMATCH: { grpc: status.UNAUTHENTICATED, exit: exit.identity },
  CERTIFICATE_INVALID: { grpc: status.UNAUTHENTICATED, exit: exit.identity },
  CERTIFICATE_REQUEST_INVALID: { grpc: status.INVALID_ARGUMENT, exit: exit.identity },
  SITE_REVOKED: { grpc: status.UNAUTHENTICATED, exit: exit.identity },
  SESSION_REPLACED: { grpc: status.ABORTED, exit: exit.identity },
  SITE_NOT_FOUND: { grpc: status.NOT_FOUND, exit: exit.notFound },
  RUN_NOT_FOUND: { grpc: status.NOT_FOUND, exit: exit.notFound },
  MODEL_NOT_FOUND: { grpc: status.NOT_FOUND, exit: exit.notFound },
  OPERATOR_NOT_FOUND: { grpc: status.NOT_FOUND, exit: exit.notFound },
  BLOB_NOT_FOUND: { grpc: status.NOT_FOUND, exit: exit.notFound },
  BLOB_DAMAGED: { grpc: status.DATA_LOSS, exit: exit.unexpected, retryable: true },
  WORKFLOW_UNSUPPORTED: { grpc: status.INVALID_ARGUMENT, exit: exit.config },
  EXPRESSION_FAILED: { grpc: status.FAILED_PRECONDITION, exit: exit.runFailed },
  WORKFLOW_INVALID: { grpc: status.INVALID_ARGUMENT, exit: exit.config },
  WORKFLOW_NOT_FOUND: { grpc: status.NOT_FOUND, exit: exit.notFound },
  WORKFLOW_EXISTS: { grpc: status.ALREADY_EXISTS, exit: exit.usage },
  TASK_FAILED: { grpc: status.ABORTED, exit: exit.runFailed },
  TASK_NOT_FOUND: { grpc: status.NOT_FOUND, exit: exit.notFound },
  RUN_STATE_WRONG: { grpc: status.FAILED_PRECONDITION, exit: exit.usage },
  JOURNAL_DAMAGED: { grpc: status.DATA_LOSS, exit: exit.unexpected },
  JOURNAL_TOO_NEW: { grpc: status.FAILED_PRECONDITION, exit: exit.config },
  SCRIPT_RETIRED: { grpc: status.FAILED_PRECONDITION, exit: exit.config },
  LEASE_LOST: { grpc: status.ABORTED, exit: exit.unexpected, retryable: true },
  SECRET_NOT_FOUND: { grpc: status.FAILED_PRECONDITION, exit: exit.config },
  EVENT_INVALID: { grpc: status.INVALID_ARGUMENT, exit: exit.usage },
  SIGNATURE_WRONG: { grpc: status.UNAUTHENTICATED, exit: exit.identity },
  PLAN_INVALID: { grpc: status.INVALID_ARGUMENT, exit: exit.config },
  MODEL_INVALID: { grpc: status.INVALID_ARGUMENT, exit: exit.config },
  SITES_TOO_FEW: { grpc: status.FAILED_PRECONDITION, exit: exit.runFailed },
  STATE_TOO_LARGE: { grpc: status.OUT_OF_RANGE, exit: exit.runFailed },
  FOLD_OVERFLOW: { grpc: status.OUT_OF_RANGE, exit: exit.runFailed },
  QUORUM_LOST: { grpc: status.FAILED_PRECONDITION, exit: exit.runFailed },
  RUN_CANCELLED: { grpc: status.ABORTED, exit: exit.runFailed },
  RUN_ENDED: { grpc: status.FAILED_PRECONDITION, exit: exit.runFailed },
  SITE_VANISHED: { grpc: status.UNAVAILABLE, exit: exit.runFailed },
  SITE_TOO_SLOW: { grpc: status.DEADLINE_EXCEEDED, exit: exit.runFailed },
  POLICY_REFUSED: { grpc: status.PERMISSION_DENIED, exit: exit.refused },
  DATASET_MISSING: { grpc: status.FAILED_PRECONDITION, exit: exit.refused },
  COLUMN_UNFIT: { grpc: status.FAILED_PRECONDITION, exit: exit.refused },
  WORK_UNSUPPORTED: { grpc: status.UNIMPLEMENTED, exit: exit.refused },
  STATE_LOST: { grpc: status.FAILED_PRECONDITION, exit: exit.refused },
  WORK_FAILED: { grpc: status.INTERNAL, exit: exit.runFailed, retryable: true },
  BACKEND_UNAVAILABLE: { grpc: status.FAILED_PRECONDITION, exit: exit.config },
  ASSIGNMENT_NOT_FOUND: { grpc: status.NOT_FOUND, exit: exit.notFound },
  ASSIGNMENT_LATE: { grpc: status.ABORTED, exit: exit.runFailed },
  UPLOAD_OFFSET_WRONG: { grpc: status.OUT_OF_RANGE, exit: exit.unexpected, retryable: true },
  UPLOAD_SIZE_WRONG: { grpc: status.INVALID_ARGUMENT, exit: exit.unexpected },
  UPLOAD_DIGEST_WRONG: { grpc: status.DATA_LOSS, exit: exit.unexpected, retryable: true },
  UPDATE_MALFORMED: { grpc: status.INVALID_ARGUMENT, exit: exit.unexpected },
  UPDATE_SCHEMA_WRONG: { grpc: status.INVALID_ARGUMENT, exit: exit.unexpected },
  UPDATE_NOT_FINITE: { grpc: status.INVALID_ARGUMENT, exit: exit.unexpected },
  UPDATE_BASE_WRONG: { grpc: status.FAILED_PRECONDITION, exit: exit.unexpected },
  UPDATE_SAMPLES_WRONG: { grpc: status.INVALID_ARGUMENT, exit: exit.unexpected },
} as const satisfies Record<string, ErrorKind>;

/** A stable error code. */
export type ErrorCode = keyof typeof errorKinds;

/** What a {@link ComityError} may carry besides its sentence. */
interface ErrorDetail {
  /** What to do next, in one sentence. */
  readonly hint?: string;
  /** What lies below; for logs only, it never crosses the wire. */
  readonly cause?: unknown;
}

/** Every error that Comity raises on purpose: a stable code, what was refused and why, and what to do. Never a secret. */
export class ComityError extends Error {
  override readonly name = "ComityError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
  }

  /** How the code shows itself. */
  get kind(): ErrorKind {
    return errorKinds[this.code];
  }

  /** Any thrown thing as a ComityError; what is unknown becomes `INTERNAL` with the thing as its cause. */
  static from(thrown: unknown): ComityError {
    if (thrown instanceof ComityError) return thrown;
    if (isSystemError(thrown, "ENOSPC") || isSystemError(thrown, "SQLITE_FULL")) {
      return new ComityError("DISK_FULL", "The disk is full.", {
        hint: "Free some space; work goes on by itself.",
        cause: thrown,
      });
    }
    return new ComityError("INTERNAL", thrown instanceof Error ? thrown.message : String(thrown), {
      cause: thrown,
    });
  }
}

/** Whether a string is one of ours, for codes that arrive over the wire. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorKinds, text);
}

/** Whether a thrown thing is the operating system's, with this code (`ENOENT`, `ENOSPC`, …). */
export function isSystemError(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === code;
}

/** For the end of an exhaustive `switch`: the compiler proves that it is never reached. */
export function assertNever(value: never): never {
  throw new ComityError("INTERNAL", `Unexpected value ${JSON.stringify(value)}.`);
}
