import type { Socket } from "node:net";
import type { PeerCertificate } from "node:tls";

/** How many connections a listener holds. */
export interface ConnectionLimits {
  readonly maxConnections: number;
  /** From one address; sites behind one gateway share it. */
  readonly maxPerAddress: number;
  /** A peer that has not called anything after this time is cut off. */
  readonly firstRequestMs: number;
  /** Calls that one connection may begin; twice as many at once after a pause. */
  readonly callsPerSecond: number;
}

/** One TCP connection that a listener took. */
class Connection {
  readonly peer: string;
  readonly address: string;
  readonly socket: Socket;
  #firstRequestTimer: NodeJS.Timeout | undefined;
  #certificate: PeerCertificate | undefined;
  #calls: number;
  readonly #callsPerSecond: number;
  #countedAtMs = performance.now();

  constructor(socket: Socket, address: string, { firstRequestMs, callsPerSecond }: ConnectionLimits) {
    this.socket = socket;
    this.address = address;
    this.#callsPerSecond = callsPerSecond;
    this.#calls = 2 * callsPerSecond;
    // The very form of grpc-js' `getPeer()`.
    this.peer = `${address}:${socket.remotePort ?? 0}`;
    this.#firstRequestTimer = setTimeout(() => socket.destroy(), firstRequestMs).unref();
  }

  /** Counts a call, which also shows that the peer is no idle one; false when it makes too many (a token bucket). */
  countCall(): boolean {
    this.used();
    const nowMs = performance.now();
    const since = ((nowMs - this.#countedAtMs) * this.#callsPerSecond) / 1000;
    this.#calls = Math.min(2 * this.#callsPerSecond, this.#calls + since);
    this.#countedAtMs = nowMs;
    if (this.#calls < 1) return false;
    this.#calls -= 1;
    return true;
  }

  /** Stops the timer of the first request. */
  used(): void {
    if (this.#firstRequestTimer === undefined) return;
    clearTimeout(this.#firstRequestTimer);
    this.#firstRequestTimer = undefined;
  }

  /** Reading a certificate costs 32 microseconds, so it is read once. */
  certificate(read: () => PeerCertificate | undefined): PeerCertificate | undefined {
    this.#certificate ??= read();
    return this.#certificate;
  }

  /** Bytes that went over the connection in either direction, TLS included. */
  get bytesMoved(): number {
    return this.socket.bytesRead + this.socket.bytesWritten;
  }
}

/** The live connections of a listener, by peer. */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #byPeer = new Map<string, Connection>();
  readonly #perAddress = new Map<string, number>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byPeer.size;
  }

  get(peer: string): Connection | undefined {
    return this.#byPeer.get(peer);
  }

  all(): Iterable<Connection> {
    return this.#byPeer.values();
  }

  /** Takes a connection in, or destroys it and answers false when there are too many. */
  admit(socket: Socket): boolean {
    const address = socket.remoteAddress;
    // Gone before we came to it.
    if (address === undefined) {
      socket.destroy();
      return false;
    }
    const fromAddress = this.#perAddress.get(address) ?? 0;
    if (this.#byPeer.size >= this.#limits.maxConnections || fromAddress >= this.#limits.maxPerAddress) {
      socket.destroy();
      return false;
    }
    const connection = new Connection(socket, address, this.#limits);
    this.#byPeer.set(connection.peer, connection);
    this.#perAddress.set(address, fromAddress + 1);
    socket.once("close", () => this.#forget(connection));
    return true;
  }

  #forget(connection: Connection): void {
    connection.used();
    this.#byPeer.delete(connection.peer);
    const left = (this.#perAddress.get(connection.address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(connection.address, left);
    else this.#perAddress.delete(connection.address);
  }

  /** Destroys a live connection with all its streams; false when there is none of that name. */
  cut(peer: string): boolean {
    const connection = this.#byPeer.get(peer);
    connection?.socket.destroy();
    return connection !== undefined;
  }
}
