import { ComityError, isSystemError } from "#kernel/errors.js";

/** Where an error came from: a socket, TLS, or the server (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const unreachable =
  /^(ECONN\w+|EPIPE|ENOENT|EACCES|ENOTFOUND|EAI_\w+|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|08...|57P0[1-5]|53[23]00|53400|55000)$/;
/** The server takes no changes: a standby, or one whose owner has set it so. */
const readOnly = "25006";

/** Whether a connection takes no changes, and may never do so: another one may. */
export const isReadOnly = (thrown: unknown): boolean => isSystemError(thrown, readOnly);
/** What pg itself says of a connection that is gone; it gives no code. */
const goneMessage =
  /^(Connection terminated|Query read timeout|timeout expired|timeout exceeded|Client (was closed|has encountered))/;
const refused = /^(28...|3D000|42501)$/;
/** Of the client itself: the server asks for one, and none was given. */
const noPassword = /client password must be a string/;
const untrusted = /CERT|^UNABLE_TO_|SELF_SIGNED|^ERR_(TLS|SSL)_/;
const untrustedMessage = /^The server does not support SSL/;

/**
 * An error of pg as the hub tells it; what says something about a row (a key, a reference) stays as it is. `name` is the database's, for
 * whoever starts the hub: sites and operators are not told where it is.
 */
export function postgresError(thrown: unknown, name?: string): unknown {
  if (!(thrown instanceof Error) || thrown instanceof ComityError) return thrown;
  const code = "code" in thrown ? String(thrown.code) : "";
  const told = (to: "STORE_UNREACHABLE" | "CONFIG_INVALID" | "STORE_DAMAGED", what: string, hint: string) =>
    new ComityError(
      to,
      name === undefined
        ? `The hub's database ${what}.`
        : `The database ${name} ${what}: ${reasonOf(thrown)}.`,
      { hint, cause: thrown },
    );
  if (noPassword.test(thrown.message))
    return told(
      "CONFIG_INVALID",
      "asks for a password, and none is given",
      "Put it into COMITY_DATABASE_PASSWORD, or into the address: postgres://USER:PASSWORD@HOST/DATABASE.",
    );
  if (refused.test(code))
    return told("CONFIG_INVALID", "refuses the hub", "Check user, password, database and rights.");
  if (untrusted.test(code) || untrustedMessage.test(thrown.message))
    return told(
      "CONFIG_INVALID",
      "cannot be trusted",
      "Name its authority with sslrootcert; see the configuration page.",
    );
  if (unreachable.test(code) || goneMessage.test(thrown.message))
    return told(
      "STORE_UNREACHABLE",
      "cannot be reached",
      "Is the server up? The hub goes on by itself when it is.",
    );
  if (code === readOnly)
    return told("STORE_UNREACHABLE", "takes no changes now", "The hub goes on by itself when it does.");
  if (code === "53100")
    return new ComityError("DISK_FULL", "The disk of the database is full.", { cause: thrown });
  if (/^XX00[12]$/.test(code)) return told("STORE_DAMAGED", "is damaged", "Restore the last backup.");
  return thrown;
}

/** Several addresses of one host give an error that only holds others. */
function reasonOf(error: Error): string {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return (inner instanceof Error ? inner.message : error.message).replace(/\.$/, "");
}
