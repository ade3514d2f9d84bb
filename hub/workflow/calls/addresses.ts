import { BlockList, isIP } from "node:net";

/** Addresses that are not the public internet's: IANA's special-purpose registries, and one that a cloud keeps for its own machines. */
const innerV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  // Azure's machines reach their platform here.
  "168.63.129.16/32",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

/** Within 2000::/3, which is all that is public: special purposes, documentation, and tunnels to any IPv4 address. */
const innerV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const inner = ranges([...innerV4, ...innerV6]);
const publicV6 = ranges(["2000::/3"]);

/** Whether an address belongs to the public internet. An IPv4 address within an IPv6 one (mapped, NAT64) is judged as what it is. */
export function isPublic(address: string): boolean {
  const plain = unwrapped(address);
  if (within(inner, plain)) return false;
  return isIP(plain) === 4 || within(publicV6, plain);
}

/** A list of ranges such as `10.0.0.0/8`, and of single addresses. Throws a RangeError on what is neither. */
export function ranges(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = "", bits] = text.split("/");
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    if (family === 0 || (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most)))
      throw new RangeError(`${text} is no range of addresses`);
    list.addSubnet(address, Number(bits ?? most), family === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

/** Whether an address is in a list; an IPv4 address within an IPv6 one counts as the IPv4 address. */
export function within(list: BlockList, address: string): boolean {
  const plain = unwrapped(address);
  return list.check(plain, isIP(plain) === 4 ? "ipv4" : "ipv6");
}

/** The IPv4 address in `::ffff:0:0/96` (mapped) or `64:ff9b::/96` (NAT64), else the address without its zone. */
function unwrapped(address: string): string {
  const bare = address.replace(/%.*$/, "");
  if (isIP(bare) !== 6) return bare;
  // The WHATWG parser gives the shortest form, in hexadecimal.
  const short = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const [, high, low] = /^(?:::ffff|64:ff9b:):([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const number = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}
