// Keeps a PostgreSQL server for as long as its standard input is open, in a folder that is removed with it. A process of its own, so that
// nothing is left when the tests are killed. Its one argument is the JSON of a KeeperTask; it writes `ready`, or why it cannot.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";

/** What a keeper is to do. */
export interface KeeperTask {
  /** An empty folder of its own. */
  readonly dir: string;
  /** Where `initdb` and `postgres` are. */
  readonly bin: string;
  /** Whether they come from npm: then they are copied, with the links that the package had to leave out. */
  readonly isPackage: boolean;
  readonly port: number;
  readonly password: string;
  /** Who runs it, because PostgreSQL refuses to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

const run = promisify(execFile);
const say = (line: string) => process.stdout.write(`${line}\n`);
const task = JSON.parse(process.argv[2] ?? "") as KeeperTask;
const { dir, user } = task;
const as = { ...user, cwd: dir, env: { PATH: process.env["PATH"], LC_ALL: "C" } };

/** Puts the package's files where every user may run them. */
async function copyPackage(): Promise<string> {
  const home = join(dir, "server");
  await cp(dirname(task.bin), home, { recursive: true });
  const links = JSON.parse(await readFile(join(home, "pg-symlinks.json"), "utf8").catch(() => "[]")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(home, relative("native", target));
    await symlink(relative(dirname(target), source), path).catch(() => undefined);
  }
  return join(home, "bin");
}

async function start() {
  await chmod(dir, 0o755);
  const bin = task.isPackage ? await copyPackage() : task.bin;
  const data = join(dir, "data");
  await mkdir(data, { mode: 0o700 });
  const secret = join(dir, "password");
  await writeFile(secret, task.password, { mode: 0o600 });
  if (user !== undefined) for (const path of [dir, data, secret]) await chown(path, user.uid, user.gid);
  const plain = [
    "-D",
    data,
    "-U",
    "comity",
    "-A",
    "scram-sha-256",
    "--pwfile",
    secret,
    "-E",
    "UTF8",
    "--no-sync",
  ];
  // An order of texts that passes over hyphens, as many a language's does, where the server knows one.
  const language = ["--locale-provider=icu", "--icu-locale=en-u-ka-shifted", "--locale=C"];
  await run(join(bin, "initdb"), [...plain, ...language], as).catch(() =>
    run(join(bin, "initdb"), [...plain, "--locale=C"], as),
  );
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(task.port),
    unix_socket_directories: process.platform === "win32" ? "" : dir,
    max_connections: "100",
    shared_buffers: "64MB",
  };
  const words = Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  const server = spawn(join(bin, "postgres"), ["-D", data, ...words], {
    ...as,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  server.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (text.includes("ready to accept connections")) say("ready");
    said = (said + text).slice(-2000);
  });
  server.once("exit", () => say(`The server ended: ${said.trim()}`));
  return server;
}

const ended = once(process.stdin.resume(), "close");
// Who started this process may be gone; its server still has to go, and its folder.
process.stdout.on("error", () => undefined);
try {
  const server = await start();
  await Promise.race([ended, once(server, "exit")]);
  // At once: nobody will read these rows.
  if (server.exitCode === null && server.kill("SIGQUIT")) await once(server, "exit");
} catch (error) {
  say(String(error));
} finally {
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
}
process.exit(0);
