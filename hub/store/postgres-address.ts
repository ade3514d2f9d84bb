import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { ClientConfig } from "pg";
import { ComityError } from "#kernel/errors.js";

/** A PostgreSQL database, and how to reach it. */
export interface PostgresAddress {
  /** `host:port/database`, for messages: no user, no password. */
  readonly name: string;
  readonly client: ClientConfig;
}

const parameters = ["host", "port", "sslmode", "sslrootcert"];
const modes = ["disable", "verify-full"];

/**
 * Reads `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE`. `?host=/run/postgresql` takes the socket in that folder. TLS with a checked
 * certificate (`sslmode=verify-full`) is what other machines are spoken to with, unless the address says `sslmode=disable`;
 * `sslrootcert` names a file with the authority to trust, relative to `dir`. `password` goes before the one in the address. Throws `CONFIG_INVALID`,
 * which never shows the address: it may hold a password.
 */
export async function readPostgresAddress(
  address: string,
  { dir = ".", password }: { dir?: string; password?: string } = {},
): Promise<PostgresAddress> {
  const text = withHost(address);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol))
    throw invalid("is no address of the form postgres://USER@HOST/DATABASE");
  for (const name of url.searchParams.keys()) {
    if (!parameters.includes(name))
      throw invalid(`has an unknown part ${name}; there are ${parameters.join(", ")}`);
  }
  const database = decode(url.pathname.slice(1));
  const user = decode(url.username);
  if (database === "" || database.includes("/")) throw invalid("names no database");
  if (user === "") throw invalid("names no user");
  const host = url.searchParams.get("host") ?? decode(url.hostname.replace(/^\[(.*)\]$/, "$1"));
  const port = Number(url.searchParams.get("port") ?? (url.port || "5432"));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid("has a wrong port");
  const secret = password ?? decode(url.password);
  const ssl = await readTls(host, url.searchParams.get("sslmode"), url.searchParams.get("sslrootcert"), dir);
  return {
    name: `${host.includes(":") ? `[${host}]` : host}:${port}/${database}`,
    client: { host, port, database, user, ssl, ...(secret !== "" && { password: secret }) },
  };
}

/** An address may leave the host out, which a URL with a user may not. */
const withHost = (address: string): string => address.replace("@/", "@localhost/");

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("has a % that is no escape (write %25 for a percent sign)");
  }
}

async function readTls(
  host: string,
  mode: string | null,
  root: string | null,
  dir: string,
): Promise<ClientConfig["ssl"]> {
  if (mode !== null && !modes.includes(mode))
    throw invalid(`has the sslmode ${mode}; there are ${modes.join(", ")}`);
  const isHere = host.startsWith("/") || ["localhost", "127.0.0.1", "::1"].includes(host);
  if (mode === "disable" || (mode === null && root === null && isHere)) return false;
  if (root === null) return { host };
  try {
    return { host, ca: await readFile(resolve(dir, root), "utf8") };
  } catch (cause) {
    throw new ComityError("CONFIG_INVALID", `The file ${root} that sslrootcert names cannot be read.`, {
      cause,
    });
  }
}

const invalid = (what: string): ComityError =>
  new ComityError("CONFIG_INVALID", `The address of the database ${what}.`, {
    hint: "For example postgres://comity@db.example.org/comity; the password may stand in COMITY_DATABASE_PASSWORD. In the address, write / @ : # ? % of a name or a password as %2F %40 %3A %23 %3F %25.",
  });
