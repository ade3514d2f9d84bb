import { createServer, type Server as NetServer } from "node:net";
import { Server, type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";
import { formatAddress } from "./address.js";
import { type ConnectionLimits, Connections } from "./connections.js";
import { type HubServerCredentials, maxStreams } from "./credentials.js";
import type { Service } from "./definitions.js";
import { drainingError, Guard, type GuardLimits } from "./guard.js";
import { type Implementation, wrapService } from "./handlers.js";
import { checkInternals, http2ServersOf, raiseWindow } from "./internals.js";
import { windows, wire } from "./limits.js";
import type { Authorise, Principal } from "./principal.js";
import { Stalls } from "./stalls.js";

export interface ListenerLimits extends ConnectionLimits, GuardLimits {
  /** A transfer that moves less than 1 KiB/s is ended after this time. */
  readonly stallMs: number;
}

const defaultLimits: ListenerLimits = {
  maxConnections: 8192,
  maxPerAddress: 1024,
  firstRequestMs: 10_000,
  // Far above honest use; what is refused costs the hub next to nothing.
  callsPerSecond: 1000,
  requestMs: 30_000,
  resetMs: 1_000,
  stallMs: 30_000,
};

/** How long the last answers have to leave before their connections are closed. */
const statusMs = 50;
/** How long the last frames may take once every call has ended. */
const closeMs = 5_000;

interface ListenerOptions {
  readonly credentials: HubServerCredentials;
  readonly authorise: Authorise;
  readonly log: Log;
  readonly limits?: Partial<ListenerLimits>;
}

/** A gRPC server that knows its methods. */
class ListedServer extends Server {
  readonly methods: string[] = [];

  override addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    super.addService(service, implementation);
    this.methods.push(...Object.values(service).map((method) => method.path));
  }
}

/** One port of the hub: TLS, caps, time limits, and services made of plain functions. Holds no rules of its own. */
export class RpcListener {
  readonly #server: ListedServer;
  readonly #net: NetServer;
  readonly #connections: Connections;
  readonly #guard: Guard;
  readonly #stalls: Stalls;
  readonly #log: Log;
  #stopping: Promise<void> | undefined;

  constructor({ credentials, authorise, log, limits: given }: ListenerOptions) {
    const limits: ListenerLimits = { ...defaultLimits, ...given };
    this.#log = log;
    this.#connections = new Connections(limits);
    this.#guard = new Guard({ authorise, connections: this.#connections, limits, log });
    this.#stalls = new Stalls(this.#guard.active, this.#connections, limits.stallMs);
    this.#server = new ListedServer({
      "grpc.max_receive_message_length": wire.maxRequestBytes,
      "grpc.max_send_message_length": wire.maxReplyBytes,
      "grpc.max_concurrent_streams": maxStreams,
      "grpc.keepalive_time_ms": wire.keepAliveMs,
      "grpc.keepalive_timeout_ms": wire.keepAliveTimeoutMs,
      "grpc.max_connection_idle_ms": 5 * 60_000,
      "grpc.max_connection_age_ms": 12 * 3_600_000,
      "grpc.max_connection_age_grace_ms": 10 * 60_000,
      // Its book-keeping grows with every connection, and nobody asks it.
      "grpc.enable_channelz": 0,
      interceptors: [this.#guard.interceptor],
    });
    const injector = this.#server.createConnectionInjector(credentials);
    this.#tune();
    this.#net = createServer({ noDelay: true }, (socket) => {
      // A reset is no news: the TLS layer above reports what matters.
      socket.on("error", () => undefined);
      if (this.#connections.admit(socket)) injector.injectConnection(socket);
    });
  }

  #tune(): void {
    const missing = checkInternals();
    if (missing.length > 0)
      this.#log.warn(
        { missing },
        "grpc-js or Node has changed inside: uploads will be slow, or take more memory",
      );
    for (const server of http2ServersOf(this.#server)) {
      server.on("session", (session) => raiseWindow(session, windows.hubConnectionBytes));
      server.on("tlsClientError", (error: Error, socket?: { remoteAddress?: string }) => {
        this.#log.debug({ reason: error.message, address: socket?.remoteAddress }, "a TLS handshake failed");
      });
    }
  }

  /** Every method of a service. */
  add<Definition extends ServiceDefinition, Handlers>(
    service: Service<Definition, Handlers>,
    functions: Implementation<Handlers>,
  ): void {
    this.#add(service.definition, functions);
  }

  /** Some methods of a service; the others answer `UNIMPLEMENTED` on this port. */
  addSome<Definition extends ServiceDefinition, Handlers>(
    service: Service<Definition, Handlers>,
    functions: Partial<Implementation<Handlers>>,
  ): void {
    this.#add(service.definition, functions);
  }

  #add(all: ServiceDefinition, functions: object): void {
    const { definition, handlers } = wrapService(all, functions, this.#guard, this.#log);
    this.#server.addService(definition, handlers);
  }

  /** Services that come as packages of their own (health, reflection); their calls pass the same guard. */
  addForeign(add: (server: Server) => void): void {
    add(this.#server);
  }

  /** The paths of all methods of this port, to compare with the table of who may call what. */
  get methods(): readonly string[] {
    return this.#server.methods.toSorted();
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Begins to listen; port 0 takes a free one. Answers `host:port` as it came out. */
  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#net.once("error", (cause) => {
        const place = formatAddress(host, port);
        reject(
          new ComityError("CONFIG_INVALID", `The hub cannot listen on ${place}: ${cause.message}.`, {
            hint: "Choose another address or port, or stop the program that holds it.",
            cause,
          }),
        );
      });
      this.#net.listen({ host, port, backlog: 1024 }, resolve);
    });
    const bound = this.#net.address();
    if (bound === null || typeof bound === "string")
      throw new ComityError("INTERNAL", "The listener has no port.");
    return formatAddress(bound.address, bound.port);
  }

  /** Destroys the connection of a peer (`ip:port`), with all its calls: their signals fire. False when it is gone already. */
  cut(peer: string): boolean {
    return this.#connections.cut(peer);
  }

  /** Ends the running calls of every caller that matches, with an error that the caller sees. */
  endCalls(matches: (caller: Principal) => boolean, error: ComityError): void {
    for (const call of this.#guard.active) if (matches(call.principal)) call.abort(error);
  }

  /** Takes no new connection and no new call (`HUB_DRAINING`); what runs goes on. */
  drain(): void {
    if (this.#guard.draining) return;
    this.#guard.draining = true;
    this.#net.close();
    for (const call of this.#guard.active) if (!call.handled) call.abort(drainingError());
  }

  /**
   * Drains, lets running calls end for at most `graceMs`, ends the rest with `HUB_DRAINING`, then closes every connection.
   * Streams that wait for their own source (watching a run) end at once; sessions should have been told to go.
   */
  stop({ graceMs = 30_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    this.drain();
    const endMs = performance.now() + graceMs;
    while (this.#guard.active.size > 0 && performance.now() < endMs) {
      const idleSinceMs = performance.now() - 250;
      for (const call of this.#guard.active) {
        if (call.sourceWaitSinceMs !== undefined && call.sourceWaitSinceMs < idleSinceMs)
          call.abort(drainingError());
      }
      await sleep(20);
    }
    if (this.#guard.active.size > 0) {
      for (const call of this.#guard.active) call.abort(drainingError());
      // From Node.js 24 on, closing a connection at once drops the answers that are not yet on their way.
      await sleep(Math.min(statusMs, graceMs));
    }
    const closed = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    const late = new AbortController();
    await Promise.race([closed, sleep(Math.min(closeMs, graceMs + 500), late.signal)]);
    late.abort();
    this.#server.forceShutdown();
    for (const { peer } of [...this.#connections.all()]) this.cut(peer);
    this.#stalls.stop();
  }
}
