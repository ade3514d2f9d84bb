import { isDeepStrictEqual } from "node:util";
import type { Json } from "#kernel/json.js";
import type { FrameId, WorkflowError } from "./model.js";

const base = "https://serverlessworkflow.io/spec/1.0.0/errors/";

/** The standard errors and their usual status; `cancelled` is ours, for catches that compensate. */
const statuses = {
  configuration: 400,
  validation: 400,
  expression: 400,
  authentication: 401,
  authorization: 403,
  timeout: 408,
  communication: 500,
  runtime: 500,
  cancelled: 499,
} as const;

export type StandardError = keyof typeof statuses;

/** The type of a standard error. */
export const errorType = (name: StandardError): string => base + name;

/** A standard error; functions use it too. */
export function standardError(
  name: StandardError,
  title: string,
  more: { readonly detail?: string; readonly status?: number; readonly instance?: string } = {},
): WorkflowError {
  const { detail, status = statuses[name], instance } = more;
  return {
    type: errorType(name),
    status,
    title,
    ...(detail === undefined ? {} : { detail }),
    ...(instance === undefined ? {} : { instance }),
  };
}

/** The standard error that a type names. The specification's texts and its conformance kit write the same types with several hosts and paths. */
function standardName(type: string): string | undefined {
  const name =
    /^https?:\/\/(?:serverlessworkflow\.io(?:\.io)?|open-workflow-specification\.org)\/(?:.+\/)?errors\/(?:.+\/)?([a-z]+)$/.exec(
      type,
    )?.[1];
  return name !== undefined && Object.hasOwn(statuses, name) ? name : undefined;
}

/** Whether two types are the same: standard ones are, when their last part is. */
export function sameType(one: string, other: string): boolean {
  return one === other || (standardName(one) !== undefined && standardName(one) === standardName(other));
}

/** Whether an error has all that a filter asks for. */
export function fits(error: WorkflowError, filter: Readonly<Record<string, Json>>): boolean {
  return Object.entries(filter).every(([key, wanted]) => {
    if (key === "type" && typeof wanted === "string") return sameType(error.type, wanted);
    const field = (error as unknown as Readonly<Record<string, Json | undefined>>)[key];
    return isDeepStrictEqual(field, wanted);
  });
}

/** Whether a type is that of a cancelled run. */
export const isCancelled = (type: Json | undefined): boolean =>
  typeof type === "string" && standardName(type) === "cancelled";

/** A task fails. Thrown within a transition only; who catches it knows which frame was at work. */
export class Fault extends Error {
  readonly error: WorkflowError;
  /** The frame that fails; set on the way out. */
  frame?: FrameId;

  constructor(error: WorkflowError) {
    super(error.title ?? error.type);
    this.error = error;
  }
}

/** A fault with a standard error. */
export const fault = (name: StandardError, title: string, detail?: string): Fault =>
  new Fault(standardError(name, title, detail === undefined ? {} : { detail }));

/** Runs a part of a transition for a frame: when it fails, that frame has failed. */
export function* guarded<Asked, Answer, T>(
  frame: FrameId,
  part: Generator<Asked, T, Answer>,
): Generator<Asked, T, Answer> {
  try {
    return yield* part;
  } catch (thrown) {
    if (thrown instanceof Fault) thrown.frame ??= frame;
    throw thrown;
  }
}
