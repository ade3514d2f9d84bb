import { type BlockList, isIP } from "node:net";
import { ranges, within } from "./addresses.js";

/** Hosts by name (`*.` before one: all below it), by address and by range. */
export class HostList {
  readonly #names: readonly string[];
  readonly #ranges: BlockList;

  /** Throws a RangeError on an entry that looks like a range and is none. */
  constructor(entries: readonly string[]) {
    const isRange = (entry: string) => entry.includes("/") || isIP(entry) > 0;
    this.#names = entries.filter((entry) => !isRange(entry)).map((entry) => entry.toLowerCase());
    this.#ranges = ranges(entries.filter(isRange));
  }

  hasName(host: string): boolean {
    const name = bareHost(host).toLowerCase().replace(/\.$/, "");
    return this.#names.some((entry) =>
      entry.startsWith("*.") ? name.endsWith(entry.slice(1)) : name === entry,
    );
  }

  hasAddress(address: string): boolean {
    return within(this.#ranges, address);
  }
}

/** Without the brackets that an IPv6 address has in a URL. */
export const bareHost = (host: string): string => host.replace(/^\[(.*)\]$/, "$1");
