import { request } from "node:http";
import { BlockList, connect, isIP, type Socket } from "node:net";
import { ComityError } from "#kernel/errors.js";
import { type Address, formatAddress, parseAddress } from "./address.js";
import { unreachable } from "./errors.js";

/** An HTTP proxy that takes CONNECT. */
export interface Proxy extends Address {
  /** `user:password`, for basic authentication. */
  readonly credentials?: string;
}

/** The part of `process.env` that matters here. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a hub, if any. `setting` is the configuration's: `http://[user:password@]host:port`, or `none`; without one
 * the environment decides (`HTTPS_PROXY`, `NO_PROXY`, in either case). Anything but `http:` is refused: grpc-js would
 * report such a proxy and then connect directly, past the rules of the house.
 */
export function proxyFor(
  target: Address,
  setting?: string,
  environment: Environment = process.env,
): Proxy | undefined {
  if (setting !== undefined)
    return setting === "none" || setting === "" ? undefined : parseProxy(setting, "The proxy setting");
  const name = ["https_proxy", "HTTPS_PROXY"].find((candidate) => (environment[candidate] ?? "") !== "");
  const value = name === undefined ? undefined : environment[name];
  if (name === undefined || value === undefined || isLoopback(target.host)) return undefined;
  const except = environment["no_proxy"] ?? environment["NO_PROXY"] ?? "";
  if (except.split(",").some((entry) => matches(entry.trim().toLowerCase(), target))) return undefined;
  return parseProxy(value, name);
}

function parseProxy(text: string, source: string): Proxy {
  const refuse = (why: string) =>
    new ComityError("PROXY_INVALID", `${source} ${why}.`, {
      hint: "Write http://host:port or http://user:password@host:port; only HTTP CONNECT proxies are supported.",
    });
  // The text itself may hold a password, so no message repeats it.
  if (!URL.canParse(text)) throw refuse("is no URL");
  const url = new URL(text);
  if (url.protocol !== "http:") throw refuse(`has the scheme ${url.protocol}//, which is not supported`);
  if (url.hostname === "" || (url.pathname !== "/" && url.pathname !== ""))
    throw refuse("must have a host and no path");
  const proxy = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port === "" ? 80 : url.port) };
  if (url.username === "") return proxy;
  try {
    return {
      ...proxy,
      credentials: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`,
    };
  } catch {
    throw refuse("has credentials that are not percent-encoded correctly");
  }
}

function isLoopback(host: string): boolean {
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "::1" ||
    (isIP(host) === 4 && host.startsWith("127."))
  );
}

/** One entry of `NO_PROXY`: `*`, a name and all below it, an address, a range (`10.0.0.0/8`), each with or without a port. */
function matches(entry: string, { host, port }: Address): boolean {
  if (entry === "" || entry === "*") return entry === "*";
  const name = host.toLowerCase();
  const withPort = /^(.*):(\d+)$/.exec(entry);
  if (withPort !== null && isIP(entry) === 0) {
    return (
      Number(withPort[2]) === port && matches((withPort[1] ?? "").replace(/^\[|\]$/g, ""), { host, port })
    );
  }
  const family = isIP(name);
  const [range = "", bits] = entry.split("/");
  if (
    family > 0 &&
    bits !== undefined &&
    isIP(range) === family &&
    Number(bits) <= (family === 4 ? 32 : 128)
  ) {
    const list = new BlockList();
    list.addSubnet(range, Number(bits), family === 4 ? "ipv4" : "ipv6");
    return list.check(name, family === 4 ? "ipv4" : "ipv6");
  }
  const suffix = entry.replace(/^\*?\./, "");
  return name === suffix || (family === 0 && name.endsWith(`.${suffix}`));
}

/**
 * A plain TCP connection to the target, through the proxy if there is one: for checks that speak TLS themselves.
 * Throws `HUB_UNREACHABLE`, or `PROXY_INVALID` where the proxy refuses.
 */
export async function openSocket(
  target: string,
  proxy: Proxy | undefined,
  timeoutMs = 10_000,
): Promise<Socket> {
  const address = parseAddress(target);
  return proxy === undefined
    ? openDirectly(address, timeoutMs)
    : connectThroughProxy(proxy, address, timeoutMs);
}

function openDirectly({ host, port }: Address, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = formatAddress(host, port);
    const socket = connect({ host, port });
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const fail = (cause: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(unreachable(target, cause.message, cause));
    };
    socket.once("error", fail);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      resolve(socket);
    });
  });
}

/** The connection that an HTTP proxy makes to the target. grpc-js does the same for a channel, but never says why it failed. */
export function connectThroughProxy(proxy: Proxy, target: Address, timeoutMs = 10_000): Promise<Socket> {
  const place = formatAddress(target.host, target.port);
  const through = `the proxy ${formatAddress(proxy.host, proxy.port)}`;
  const headers: Record<string, string> = { host: place };
  if (proxy.credentials !== undefined) {
    headers["proxy-authorization"] = `Basic ${Buffer.from(proxy.credentials).toString("base64")}`;
  }
  return new Promise((resolve, reject) => {
    const call = request({
      host: proxy.host,
      port: proxy.port,
      method: "CONNECT",
      path: place,
      headers,
      agent: false,
    });
    const timer = setTimeout(() => call.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    call.once("error", (cause) => {
      clearTimeout(timer);
      reject(unreachable(place, `${through} does not answer: ${cause.message}`, cause));
    });
    const refused = (statusCode: number | undefined) => {
      clearTimeout(timer);
      reject(
        new ComityError(
          "PROXY_INVALID",
          `${through.replace("the", "The")} refused to connect to ${place}: HTTP ${statusCode ?? 0}.`,
          {
            hint:
              statusCode === 407
                ? "Give the proxy's user and password."
                : "Ask who runs the proxy to allow this address.",
          },
        ),
      );
    };
    call.once("response", (response) => {
      response.destroy();
      refused(response.statusCode);
    });
    call.once("connect", (response, socket, head) => {
      clearTimeout(timer);
      if (response.statusCode !== 200) {
        socket.destroy();
        refused(response.statusCode);
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    call.end();
  });
}
