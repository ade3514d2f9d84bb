import { isIP } from "node:net";
import { checkServerIdentity, createSecureContext, type SecureContextOptions } from "node:tls";
import {
  type ChannelOptions,
  Client,
  connectivityState,
  credentials,
  logVerbosity,
  Metadata,
  setLogVerbosity,
} from "@grpc/grpc-js";
import { type Address, formatAddress, parseAddress } from "./address.js";
import {
  type BidiCall,
  type CallSettings,
  callBidi,
  callClientStream,
  callServerStream,
  callUnary,
  type Method,
  type Place,
  RunningCalls,
} from "./calls.js";
import { isServiceError, unreachable } from "./errors.js";
import { windows, wire } from "./limits.js";
import { connectThroughProxy, type Proxy } from "./proxy.js";

interface ChannelSettings {
  /** `host:port` of the hub. The certificate must carry this host: a name as DNS, an address as IP. */
  readonly address: string;
  /** `ca`, and for mutual TLS `cert` and `key`. TLS 1.3 is set here. */
  readonly tls: SecureContextOptions;
  /** From {@link proxyFor}. */
  readonly proxy?: Proxy | undefined;
  /** Sent as `authorization: Bearer …` with every call. */
  readonly token?: string;
  /** How long a connection may take until it stands. */
  readonly connectMs?: number;
}

// grpc-js writes to standard error what it cannot put into an error. Here every failure becomes one, so that a log stays a log.
if (process.env["GRPC_VERBOSITY"] === undefined) setLogVerbosity(logVerbosity.NONE);

const defaultConnectMs = 20_000;

/**
 * A connection to one hub, and the calls over it. grpc-js never gives up on a peer that takes the TCP connection and then stays
 * silent (grpc/grpc-node#2785), so whatever is not ready in time is closed and made anew here.
 */
export class RpcChannel {
  /** `host:port`, for messages. */
  readonly target: string;
  readonly #address: Address;
  readonly #settings: ChannelSettings;
  readonly #connectMs: number;
  #client: Client;
  #connecting: Promise<void> | undefined;
  readonly #running = new RunningCalls();

  /** Throws at once on certificates that cannot be used. Connects with the first call, or with {@link ready}. */
  constructor(settings: ChannelSettings) {
    this.#settings = settings;
    this.#address = parseAddress(settings.address);
    this.target = formatAddress(this.#address.host, this.#address.port);
    this.#connectMs = settings.connectMs ?? defaultConnectMs;
    this.#client = this.#open();
  }

  #open(): Client {
    const { host } = this.#address;
    const { proxy, tls } = this.#settings;
    const options: ChannelOptions = {
      "grpc.default_authority": this.target,
      "grpc.keepalive_time_ms": wire.keepAliveMs,
      "grpc.keepalive_timeout_ms": wire.keepAliveTimeoutMs,
      "grpc.keepalive_permit_without_calls": 1,
      "grpc.initial_reconnect_backoff_ms": 500,
      "grpc.max_reconnect_backoff_ms": 10_000,
      "grpc.max_receive_message_length": wire.maxReplyBytes,
      "grpc.max_send_message_length": wire.maxRequestBytes,
      "grpc-node.flow_control_window": windows.clientBytes,
      // No settings from DNS, no connection shared with a channel that has another certificate, no books that grow.
      "grpc.service_config_disable_resolution": 1,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_channelz": 0,
      // The environment was read by proxyFor, which knows more of it; credentials stay out of process.env.
      "grpc.enable_http_proxy": 0,
    };
    if (proxy !== undefined) {
      options["grpc.http_connect_target"] = `dns:${this.target}`;
      if (proxy.credentials !== undefined) options["grpc.http_connect_creds"] = proxy.credentials;
    }
    // A server name may not be an IP address (RFC 6066). The hub has one certificate, so any name does; what is checked
    // is the address that we meant to reach, below.
    if (isIP(host) > 0) options["grpc.ssl_target_name_override"] = "hub.invalid";
    const context = createSecureContext({ ...tls, minVersion: "TLSv1.3" });
    const trust = credentials.createFromSecureContext(context, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    });
    const place = proxy === undefined ? this.target : formatAddress(proxy.host, proxy.port);
    return new Client(`dns:${place}`, trust, options);
  }

  /**
   * Resolves when the connection stands. Rejects with `HUB_UNREACHABLE` as soon as one attempt has failed, or when none has
   * ended in time; the next call begins afresh, so how long to wait between attempts is the caller's choice.
   */
  ready(): Promise<void> {
    if (this.#client.getChannel().getConnectivityState(false) === connectivityState.READY)
      return Promise.resolve();
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<void> {
    const client = this.#client;
    const state = await attempt(client, Date.now() + this.#connectMs);
    if (state === connectivityState.READY) return;
    const reason =
      state === connectivityState.TRANSIENT_FAILURE
        ? await this.#reason(client)
        : `no answer within ${Math.round(this.#connectMs / 1000)} s`;
    if (reason === undefined) return;
    const { closed } = this.#running;
    if (!closed) {
      this.#client = this.#open();
      client.close();
    }
    throw unreachable(this.target, closed ? "the channel was closed" : reason);
  }

  /** Why the connection failed: a call on a failed channel ends at once and says so. Undefined when it stands after all. */
  async #reason(client: Client): Promise<string | undefined> {
    const { proxy } = this.#settings;
    if (proxy !== undefined) {
      // grpc-js says "undefined" of a proxy that refuses.
      const socket = await connectThroughProxy(proxy, this.#address, 5_000);
      socket.destroy();
    }
    try {
      await callUnary(this.#bind(client), probe, {}, { deadlineMs: 1_000 });
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      return isServiceError(cause) ? cause.details : String(error);
    }
    return undefined;
  }

  #bind(client: Client): Place {
    const { token } = this.#settings;
    const metadata = new Metadata();
    if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
    return { client, target: this.target, metadata, running: this.#running };
  }

  /** One question, one answer. Always has a deadline: 30 s unless given. Throws what the hub threw, as a ComityError. */
  async unary<Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    settings: CallSettings = {},
  ): Promise<Reply> {
    await this.ready();
    return callUnary(this.#bind(this.#client), method, request, settings);
  }

  /** The hub's messages. Leaving the loop cancels the call, and the hub stops sending. */
  async *serverStream<Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    settings: CallSettings = {},
  ): AsyncGenerator<Reply, void, undefined> {
    await this.ready();
    yield* callServerStream(this.#bind(this.#client), method, request, settings);
  }

  /** Sends what the source yields, asking for more only when there is room; stops as soon as the hub has answered. */
  async clientStream<Request, Reply>(
    method: Method<Request, Reply>,
    source: AsyncIterable<Request>,
    settings: CallSettings = {},
  ): Promise<Reply> {
    await this.ready();
    return callClientStream(this.#bind(this.#client), method, source, settings);
  }

  /** A call both ways. Wait for {@link ready} before, to learn in time of a hub that is not there. */
  bidi<Request, Reply>(
    method: Method<Request, Reply>,
    settings: CallSettings = {},
  ): BidiCall<Request, Reply> {
    return callBidi(this.#bind(this.#client), method, settings);
  }

  /** Ends the connection; calls that still run end with it. */
  close(): void {
    this.#running.close();
    this.#client.close();
  }
}

/** A call that no hub has: only its failure is of interest. */
const probe: Method<object, unknown> = {
  path: "/comity.v1.Probe/Probe",
  requestSerialize: () => Buffer.alloc(0),
  responseDeserialize: () => undefined,
};

/** Waits until a channel is ready, has failed once, or time is up; answers the state. */
function attempt(client: Client, deadlineMs: number): Promise<connectivityState> {
  return new Promise((resolve) => {
    const channel = client.getChannel();
    const look = () => {
      const state = stateOf(client);
      const over = state === connectivityState.READY || state === connectivityState.TRANSIENT_FAILURE;
      if (over || state === connectivityState.SHUTDOWN || Date.now() >= deadlineMs) resolve(state);
      else channel.watchConnectivityState(state, deadlineMs, look);
    };
    look();
  });
}

function stateOf(client: Client): connectivityState {
  try {
    return client.getChannel().getConnectivityState(true);
  } catch {
    return connectivityState.SHUTDOWN;
  }
}
