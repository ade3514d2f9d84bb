import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Where a proxy leads to, or listens. */
export interface TcpPlace {
  readonly host: string;
  readonly port: number;
}

/**
 * A proxy that takes TCP connections on and can treat them badly. Its own machine answers keep-alives on both sides, whatever it does
 * with the bytes: so does the load balancer that stands before a database.
 */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #to: TcpPlace;
  readonly #sockets = new Set<Socket>();
  #frozen = false;
  #hidesEnds = false;
  #refuses = false;

  private constructor(to: TcpPlace) {
    this.#to = to;
    this.#server = createServer((client) => this.#join(client));
  }

  /** Listens on a free port of this machine, or at a place that somebody else may have yet: then it waits until that one is gone. */
  static async start(to: TcpPlace, at: TcpPlace = { host: "127.0.0.1", port: 0 }): Promise<TcpProxy> {
    for (;;) {
      const proxy = new TcpProxy(to);
      proxy.#server.listen(at.port, at.host);
      try {
        await once(proxy.#server, "listening");
        return proxy;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("it does not listen");
    return address.port;
  }

  /** No byte passes any more, in either direction, until {@link thaw}. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Every connection is broken off, and no new one comes to be, until {@link admit}. */
  refuse(): void {
    this.#refuses = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  admit(): void {
    this.#refuses = false;
  }

  /** From now on nobody who came by it is told when the other side ends the connection: it stays open, and silent. */
  hideEnds(): void {
    this.#hidesEnds = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }

  #join(client: Socket): void {
    if (this.#refuses) {
      client.destroy();
      return;
    }
    const server = connect(this.#to.port, this.#to.host);
    this.#pass(client, server, () => server.destroy());
    this.#pass(server, client, () => {
      if (!this.#hidesEnds) client.destroy();
    });
  }

  #pass(from: Socket, to: Socket, end: () => void): void {
    this.#sockets.add(from);
    if (this.#frozen) from.pause();
    from.on("data", (chunk) => {
      if (!to.destroyed) to.write(chunk);
    });
    from.on("error", () => undefined);
    from.on("close", () => {
      this.#sockets.delete(from);
      end();
    });
  }
}
