/** An error on its way to another thread: a copy would keep its message, but not its code. */
export interface ThreadFailure {
  readonly message: string;
  readonly code: string | undefined;
}

export function toFailure(error: unknown): ThreadFailure {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return { message, code };
}

/** The error again, with its code. */
export function failureOf({ message, code }: ThreadFailure): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
