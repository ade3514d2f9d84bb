import type { Bench } from "./bench.js";
import type { BenchChild } from "./child.js";
import { type RawTrust, rawTrust } from "./raw-trust.js";

const peer = new URL("./floor-peer.js", import.meta.url);

/** What crosses the wire and what is written for the stages of a call, in bytes. */
export interface FloorSizes {
  readonly messages: { readonly offer: number; readonly answer: number; readonly receipt: number };
  /** The rows of each commit: of the hub for a stage, for its answers and for the end of a round, of a site for its answer. */
  readonly rows: {
    readonly stage: readonly number[];
    readonly answers: readonly number[];
    readonly round: readonly number[];
    readonly site: readonly number[];
  };
  /** Stages of a round. */
  readonly depth: number;
}

/** What a peer is given, as JSON in one argument. */
export interface FloorWords extends RawTrust, FloorSizes {
  readonly sites: number;
  readonly dir: string;
  /** The server's; left out for the server itself. */
  readonly port?: number;
}

/**
 * The least that stages in a row cost: bare messages and commits. For each stage a server makes one commit, sends a message to each site over
 * a session (a bidirectional stream of grpc-js, mutual TLS, a process for each site, no protobuf), each site makes one commit and answers,
 * the server makes one commit for all answers and sends a receipt to each site; and one commit more at the end of a round. Rows and messages
 * are as large as those of the stages; the databases are SQLite files like the hub's and the agents'.
 */
export class Floor {
  readonly #server: BenchChild;
  readonly #clients: readonly BenchChild[];

  private constructor(server: BenchChild, clients: readonly BenchChild[]) {
    this.#server = server;
    this.#clients = clients;
  }

  static async start(bench: Bench, sites: number, sizes: FloorSizes): Promise<Floor> {
    const { server, client } = rawTrust();
    const start = async (words: Omit<FloorWords, "dir">): Promise<BenchChild> => {
      const given: FloorWords = { ...words, dir: await bench.folder("floor") };
      return bench.start(peer, [JSON.stringify(given)]);
    };
    const serving = await start({ ...sizes, ...server, sites });
    const { port } = await serving.next("port");
    const clients = await Promise.all(
      Array.from({ length: sites }, () => start({ ...sizes, ...client, sites, port: Number(port) })),
    );
    await serving.next("all");
    return new Floor(serving, clients);
  }

  /** So many stages in a row; returns their milliseconds. */
  async run(stages: number): Promise<number> {
    this.#server.tell(String(stages));
    const { ms } = await this.#server.next("done");
    return Number(ms);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#server, ...this.#clients].map((child) => child.kill()));
  }
}
