import { isIP } from "node:net";
import { ComityError } from "#kernel/errors.js";

/** Where a hub listens. `host` is a name or an IP address without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `1.2.3.4:port` or `[::1]:port`. */
export function parseAddress(text: string): Address {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (host === undefined || port < 1 || port > 65535 || (found?.[1] !== undefined && isIP(host) !== 6)) {
    throw new ComityError("ARGUMENT_INVALID", `${JSON.stringify(text.slice(0, 200))} is no address.`, {
      hint: "Write host:port, for example hub.example.org:7600 or [::1]:7600.",
    });
  }
  return { host, port };
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
