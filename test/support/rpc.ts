import { afterEach } from "mocha";
import { clientContext, serverContext } from "#certs/tls.js";
import type { Log } from "#kernel/log.js";
import { silentLog } from "#kernel/log.js";
import { RpcChannel } from "#proto/rpc/channel.js";
import { HubServerCredentials } from "#proto/rpc/credentials.js";
import { type ListenerLimits, RpcListener } from "#proto/rpc/listener.js";
import type { Authorise } from "#proto/rpc/principal.js";
import { TestAuthority } from "./tls.js";

/** One authority for the tests of the wire: making one takes time. */
export const authority = new TestAuthority();

export interface TestListener {
  readonly listener: RpcListener;
  readonly credentials: HubServerCredentials;
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Another channel to it; closed after the test. */
  channel(settings?: { agent?: boolean; token?: string; connectMs?: number; address?: string }): RpcChannel;
}

export interface TestListenerOptions {
  readonly agents?: boolean;
  readonly authorise?: Authorise;
  readonly limits?: Partial<ListenerLimits>;
  readonly log?: Log;
}

const anyone: Authorise = () => ({ kind: "anyone" });

/** Listeners on free loopback ports with real TLS, and channels to them; all are gone after each test of the suite. */
export function testListeners(): (
  setUp: (listener: RpcListener) => void,
  options?: TestListenerOptions,
) => Promise<TestListener> {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  return async (setUp, { agents = false, authorise = anyone, limits = {}, log = silentLog } = {}) => {
    const identity = authority.hub();
    const context = serverContext(agents ? { identity, clientRoots: authority.root } : { identity });
    const credentials = new HubServerCredentials(context, agents ? "required" : "none");
    const listener = new RpcListener({ credentials, authorise, log, limits });
    setUp(listener);
    const address = await listener.listen("127.0.0.1", 0);
    ends.push(() => listener.stop({ graceMs: 0 }));
    return {
      listener,
      credentials,
      address,
      channel({ agent = agents, ...settings } = {}) {
        const tls = clientContext(
          agent ? { root: authority.root, identity: authority.agent() } : { root: authority.root },
        );
        const channel = new RpcChannel({ address, tls, ...settings });
        ends.push(() => channel.close());
        return channel;
      },
    };
  };
}

/** Collects a stream. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of source) all.push(value);
  return all;
}

/** Reads a stream to its end. */
export async function readAll<T>(
  source: AsyncIterable<T>,
  each: (value: T) => void = () => undefined,
): Promise<void> {
  for await (const value of source) each(value);
}

/** Reads the first message of a stream and leaves. */
export async function readOne<T>(source: AsyncIterable<T>): Promise<T> {
  for await (const value of source) return value;
  throw new Error("The stream has no message.");
}

/** Waits until something holds, looking often; fails after a generous time. */
export async function until(holds: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`It never came to be that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
