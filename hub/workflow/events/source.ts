import { parseSiteId, type SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";

/** The site that a source names, `//organisation/site` with or without more behind it; undefined for other sources. */
export function sourceSite(source: Json | undefined): SiteId | undefined {
  if (typeof source !== "string") return undefined;
  const site = /^\/\/([^/?#]+\/[^/?#]+)/.exec(source)?.[1];
  if (site === undefined) return undefined;
  try {
    return parseSiteId(site);
  } catch {
    return undefined;
  }
}

/** The source of a site's event: what it gives where that is under the site's own name, else the same behind that name. */
export function siteSource(site: SiteId, source: Json | undefined): string {
  if (typeof source !== "string") return `//${site}`;
  return sourceSite(source) === site ? source : `//${site}/${source.replace(/^\/+/, "")}`;
}
