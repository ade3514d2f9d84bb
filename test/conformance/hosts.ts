import { ComityError } from "#kernel/errors.js";

/** Where a call for a URL really goes. */
export type Hosts = (url: URL) => URL;

/**
 * Public hosts, each with the URL of a stand-in: `petstore.swagger.io=http://127.0.0.1:8080`. The host may be written with its scheme; paths and queries
 * stay as they are, behind the path of the stand-in. Throws `USAGE`.
 */
export function parseMap(texts: readonly string[]): Hosts {
  const standIns = new Map(texts.map(parseOne));
  return (url) => {
    const standIn = standIns.get(url.host) ?? standIns.get(url.hostname);
    if (standIn === undefined) return url;
    const mapped = new URL(url);
    mapped.protocol = standIn.protocol;
    mapped.host = standIn.host;
    mapped.port = standIn.port;
    mapped.pathname = `${standIn.pathname.replace(/\/$/, "")}${url.pathname}`;
    return mapped;
  };
}

function parseOne(text: string): [string, URL] {
  const [host = "", ...rest] = text.split("=");
  const name = host
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .replace(/\/.*$/, "")
    .toLowerCase();
  const target = rest.join("=");
  const address = /^https?:\/\//i.test(target) ? target : `http://${target}`;
  if (name === "" || target === "" || !URL.canParse(address))
    throw new ComityError("USAGE", `--map ${text} is not HOST=URL.`, {
      hint: "For example: --map petstore.swagger.io=http://127.0.0.1:8080",
    });
  return [name, new URL(address)];
}
