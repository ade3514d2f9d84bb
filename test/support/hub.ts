import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { readJoinToken } from "#certs/join-token.js";
import { keyToPem, newKey } from "#certs/keys.js";
import { fetchPinnedRoot } from "#certs/pin.js";
import { createRequest } from "#certs/request.js";
import { clientContext, type TlsIdentity } from "#certs/tls.js";
import { connectHub, type HubClient } from "#client/connect.js";
import { type Profile, readProfile } from "#client/profile.js";
import { hubPaths } from "#hub/config.js";
import { initHub } from "#hub/init.js";
import { type RunningHub, startHub } from "#hub/main.js";
import { createLog } from "#kernel/log.js";
import { Database } from "#kernel/sqlite.js";
import { parseAddress } from "#proto/rpc/address.js";
import { RpcChannel } from "#proto/rpc/channel.js";
import { EnrollmentService } from "#proto/rpc/definitions.js";
import { TestSite } from "./site.js";
import { portOf } from "./tls.js";
import { verifyRuns } from "./verify-runs.js";

/** A line of the hub's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Functions and kinds of work other than a hub's own. */
type Given = Pick<Parameters<typeof startHub>[0], "functions" | "kinds">;

/** A real hub in this process, in a temporary folder, on free loopback ports; gone at the end of `await using`. */
export class TestHub implements AsyncDisposable {
  readonly dir: string;
  readonly profile: Profile;
  /** The first operator's calls. */
  readonly admin: HubClient;
  /** Everything that the hub has logged. */
  readonly lines: LogLine[];
  running: RunningHub;
  readonly #given: Given;
  readonly #ends: (() => unknown)[] = [];

  constructor(parts: {
    dir: string;
    profile: Profile;
    lines: LogLine[];
    running: RunningHub;
    given?: Given;
  }) {
    this.dir = parts.dir;
    this.#given = parts.given ?? {};
    this.profile = parts.profile;
    this.lines = parts.lines;
    this.running = parts.running;
    this.admin = connectHub(parts.profile);
    this.onEnd(() => this.admin.close());
  }

  /** Calls back when the hub goes. */
  onEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** A channel to one of the ports, with whatever identity; closed with the hub. */
  channel(port: "control" | "agents", settings: { token?: string; identity?: TlsIdentity } = {}): RpcChannel {
    const address = port === "control" ? this.running.controlAddress : this.running.agentAddress;
    const { identity, ...rest } = settings;
    const tls = clientContext({ root: this.profile.root, ...(identity && { identity }) });
    const channel = new RpcChannel({ address, tls, ...rest });
    this.onEnd(() => channel.close());
    return channel;
  }

  /** Rows of the hub's database. Only while the hub is stopped: nobody else may read its file before. */
  rows(sql: string): Record<string, unknown>[] {
    const database = new Database(hubPaths(this.dir).database, { readonly: true });
    try {
      return database.prepare<[], Record<string, unknown>>(sql).all();
    } finally {
      database.close();
    }
  }

  /** What went wrong in the hub's own eyes. */
  get faults(): LogLine[] {
    return this.lines.filter(({ level }) => level >= 50);
  }

  /** Stops the hub; `start` takes it up again. */
  async stop(): Promise<void> {
    await this.running.stop();
  }

  async start(): Promise<void> {
    this.running = await startHub({ dir: this.dir, log: collectingLog(this.lines), ...this.#given });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
    try {
      await this.running.stop();
      await verifyRuns(this.dir);
    } finally {
      await rm(this.dir, { recursive: true, force: true });
    }
  }
}

/** `settings` are put into `hub.yaml`; `given` takes the place of the hub's own functions and kinds of work. */
export async function startTestHub(
  settings: Readonly<Record<string, unknown>> = {},
  given: Given = {},
): Promise<TestHub> {
  const home = await mkdtemp(join(tmpdir(), "comity-hub-"));
  const lines: LogLine[] = [];
  try {
    const [controlPort, agentPort] = await freePorts();
    const { profilePath } = await initHub(home, { name: "test", names: [], controlPort, agentPort });
    const path = hubPaths(home).config;
    const config = parse(await readFile(path, "utf8")) as Record<string, unknown>;
    await writeFile(path, stringify({ ...config, ...settings }));
    const running = await startHub({ dir: home, log: collectingLog(lines), ...given });
    return new TestHub({ dir: home, profile: await readProfile(profilePath), lines, running, given });
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

/** A site that has joined for real: invitation, pin, request, certificate. Its agent is played by hand. */
export async function joinSite(hub: TestHub, site: string): Promise<TestSite> {
  const { token } = await hub.admin.inviteSite({ site });
  const claims = readJoinToken(token);
  const root = await fetchPinnedRoot({ ...parseAddress(hub.running.controlAddress), pins: claims.ca });
  const key = newKey();
  const control = new RpcChannel({ address: claims.hub[0] ?? "", tls: clientContext({ root }) });
  try {
    const reply = await control.unary(EnrollmentService.definition.Join, {
      token: claims.token,
      certificateRequest: createRequest(key),
      agentVersion: "test",
    });
    const identity = { key: keyToPem(key), chain: reply.certificateChain, root: reply.root };
    const joined = new TestSite(site, identity, hub.channel("agents", { identity }));
    hub.onEnd(() => joined.close());
    return joined;
  } finally {
    control.close();
  }
}

/** Two ports that were free a moment ago. */
export async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  for (const server of servers) await once(server.listen(0, "127.0.0.1"), "listening");
  const ports: [number, number] = [portOf(servers[0]), portOf(servers[1])];
  for (const server of servers) await once(server.close(), "close");
  return ports;
}

function collectingLog(lines: LogLine[]) {
  return createLog("hub", "debug", { write: (line) => void lines.push(JSON.parse(line) as LogLine) });
}
