import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { ComityError } from "#kernel/errors.js";
import { type Address, formatAddress, parseAddress } from "#proto/rpc/address.js";
import type { Method } from "#proto/rpc/calls.js";
import { RpcChannel } from "#proto/rpc/channel.js";
import { isServiceError } from "#proto/rpc/errors.js";
import { connectThroughProxy, type Proxy, proxyFor } from "#proto/rpc/proxy.js";
import { type Finding, fault, ill, well } from "./finding.js";

/** How far the clocks may be apart; certificates are dated back by five minutes. */
const clockSkewMs = 60_000;
const connectMs = 10_000;

/** One port of the hub, and how to get there. */
export interface Port {
  /** For people: `control port`, `agent port`. */
  readonly name: string;
  readonly address: Address;
  readonly target: string;
  readonly proxy: Proxy | undefined;
}

/** Throws `PROXY_INVALID` or `ARGUMENT_INVALID`. */
export function portOf(name: string, target: string, proxySetting: string | undefined): Port {
  const address = parseAddress(target);
  return { name, address, target, proxy: proxyFor(address, proxySetting) };
}

/** Whether a host has an address: the proxy's where there is one, for it looks up the hub itself. */
export async function checkName({ address, proxy }: Port): Promise<Finding> {
  const host = proxy?.host ?? address.host;
  if (isIP(host) > 0) return well("names", `${host} is an address.`);
  try {
    const { address: found } = await lookup(host);
    return well("names", `${host} is ${found}.`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown";
    return ill(
      "names",
      `${host} has no address: ${reason}.`,
      "Check the spelling, and this machine's name service (/etc/resolv.conf).",
    );
  }
}

/** Whether the proxy connects to a port of the hub; nothing to find where there is no proxy. */
export async function checkProxy({ name, address, proxy }: Port): Promise<Finding[]> {
  if (proxy === undefined) return [];
  const through = formatAddress(proxy.host, proxy.port);
  try {
    const socket = await connectThroughProxy(proxy, address, connectMs);
    socket.destroy();
    return [well("proxy", `The proxy ${through} connects to the ${name}.`)];
  } catch (thrown) {
    return [fault("proxy", thrown, "Check `proxy` in agent.yaml, or HTTPS_PROXY and NO_PROXY.")];
  }
}

/** Whether TLS comes about, and how far the hub's clock is away: it dates every answer, to the second. */
export async function checkTls({ name, target, proxy }: Port, tls: SecureContextOptions): Promise<Finding[]> {
  const channel = new RpcChannel({ address: target, tls, proxy, connectMs });
  try {
    await channel.ready();
    const found = well("tls", `The ${name} ${target} speaks TLS 1.3 and is the hub that this site knows.`);
    return [found, ...clock(await askTime(channel))];
  } catch (thrown) {
    const fix = `Check that the hub runs, that a firewall lets this machine reach ${target}, and that nothing in between ends TLS.`;
    return [fault("tls", thrown, fix)];
  } finally {
    channel.close();
  }
}

/** A call that no hub has: its refusal is dated all the same. */
const nothing: Method<object, unknown> = {
  path: "/comity.v1.Doctor/Date",
  requestSerialize: () => Buffer.alloc(0),
  responseDeserialize: () => undefined,
};

/** The hub's clock, in milliseconds since 1970, from the date of an answer; undefined where something between takes it out. */
async function askTime(channel: RpcChannel): Promise<number | undefined> {
  try {
    await channel.unary(nothing, {}, { deadlineMs: connectMs });
  } catch (thrown) {
    const cause = thrown instanceof ComityError ? thrown.cause : undefined;
    if (!isServiceError(cause)) throw thrown;
    const [date] = cause.metadata.get("date");
    const timeMs = typeof date === "string" ? Date.parse(date) : Number.NaN;
    if (Number.isFinite(timeMs)) return timeMs;
  }
  return undefined;
}

function clock(hubMs: number | undefined): Finding[] {
  if (hubMs === undefined) return [];
  const nowMs = Date.now();
  const skewMs = nowMs - hubMs - 500;
  // The date has no fraction of a second: half of one on average.
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= clockSkewMs)
    return [well("clock", `This machine's clock and the hub's agree (${seconds} s).`)];
  const [here, there] = [nowMs, hubMs].map((timeMs) => new Date(timeMs).toISOString());
  const detail = `This machine's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the hub's: ${here ?? ""} here, ${there ?? ""} there.`;
  return [ill("clock", detail, "Set the clock that is wrong, best by NTP (timedatectl set-ntp true).")];
}
