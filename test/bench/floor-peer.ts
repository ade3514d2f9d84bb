import { join } from "node:path";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import { type Deferred, deferred } from "#kernel/async.js";
import { openDatabase } from "#kernel/sqlite.js";
import { endWithParent, say, told } from "./child.js";
import type { FloorWords } from "./floor.js";

/* One process of the floor of stages: `node floor-peer.js WORDS`, see floor.ts. */

const same = (bytes: Buffer): Buffer => bytes;
const codec = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const service = {
  Session: { path: "/floor/Session", requestStream: true, responseStream: true, ...codec },
};

const words = JSON.parse(process.argv[2] ?? "{}") as FloorWords;
const [root, chain, key] = [Buffer.from(words.root), Buffer.from(words.chain), Buffer.from(words.key)];
const { messages, rows } = words;

const database = openDatabase(join(words.dir, "floor.db"), { program: "hub", damagedHint: "" });
database.exec("create table rows (id integer primary key, bytes blob not null)");
const insert = database.prepare("insert into rows (bytes) values (?)");
const begin = database.prepare("begin immediate");
const end = database.prepare("commit");

/** One COMMIT, and so one sync of the disk, of rows of these sizes. */
function commit(sizes: readonly number[]): void {
  begin.run();
  for (const size of sizes) insert.run(Buffer.alloc(size, 1));
  end.run();
}

/** The first byte tells what it is. */
const offerByte = 1;
const message = (kind: number, size: number): Buffer => Buffer.alloc(size, kind);

/** Waits for the answers of all sites. */
class Answers {
  #left = 0;
  #all: Deferred<void> = deferred();

  ofSites(count: number): Promise<void> {
    this.#left = count;
    this.#all = deferred();
    return this.#all.promise;
  }

  one(): void {
    if (--this.#left === 0) this.#all.resolve();
  }
}

function serve(): void {
  const sessions = new Set<ServerDuplexStream<Buffer, Buffer>>();
  const answers = new Answers();
  const server = new Server({ "grpc.enable_channelz": 0 });
  server.addService(service, {
    Session(stream: ServerDuplexStream<Buffer, Buffer>) {
      sessions.add(stream);
      stream.on("data", () => answers.one()).on("error", () => undefined);
      if (sessions.size === words.sites) say({ event: "all" });
    },
  });
  const trust = ServerCredentials.createSsl(root, [{ cert_chain: chain, private_key: key }], true);
  server.bindAsync("127.0.0.1:0", trust, (error, port) => {
    if (error !== null) throw error;
    say({ event: "ready" });
    say({ event: "port", port });
  });
  const stage = async (opens: boolean): Promise<void> => {
    // The first stage of a round has a commit more: that which ended the round before.
    if (opens) commit(rows.round);
    commit(rows.stage);
    const all = answers.ofSites(words.sites);
    for (const session of sessions) session.write(message(offerByte, messages.offer));
    await all;
    commit(rows.answers);
    for (const session of sessions) session.write(message(0, messages.receipt));
  };
  const measure = async (): Promise<never> => {
    for (;;) {
      const stages = Number(await told());
      const startMs = performance.now();
      for (let at = 0; at < stages; at++) await stage(at % words.depth === 0);
      say({ event: "done", ms: performance.now() - startMs });
    }
  };
  void measure();
}

async function call(port: number): Promise<void> {
  const client = new Client(`localhost:${port}`, credentials.createSsl(root, key, chain), {
    "grpc.enable_channelz": 0,
  });
  await new Promise<void>((resolve, reject) =>
    client.waitForReady(Date.now() + 20_000, (error) => (error === undefined ? resolve() : reject(error))),
  );
  const stream: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    service.Session.path,
    same,
    same,
  );
  stream.on("data", (bytes: Buffer) => {
    if (bytes[0] !== offerByte) return;
    commit(rows.site);
    stream.write(message(offerByte, messages.answer));
  });
  stream.on("error", () => process.exit(1));
  say({ event: "ready" });
}

endWithParent();
if (words.port === undefined) serve();
else await call(words.port);
