import { ComityError } from "#kernel/errors.js";

/** What the doctor has looked at. */
type Check =
  | "folder"
  | "token"
  | "names"
  | "proxy"
  | "tls"
  | "clock"
  | "certificate"
  | "data"
  | "policy"
  | "backend";

/** One thing that the doctor has looked at, and what to do where it is not well. */
export interface Finding {
  readonly check: Check;
  readonly ok: boolean;
  readonly detail: string;
  /** One sentence; there when it is not ok. */
  readonly fix?: string;
}

export const well = (check: Check, detail: string): Finding => ({ check, ok: true, detail });
export const ill = (check: Check, detail: string, fix: string): Finding => ({
  check,
  ok: false,
  detail,
  fix,
});

/** A finding from an error: its sentence, and its hint as the fix. */
export function fault(check: Check, thrown: unknown, fix: string): Finding {
  const { message, hint } = ComityError.from(thrown);
  return ill(check, message, hint ?? fix);
}
