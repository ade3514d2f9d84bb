import { parseSiteId, type SiteId } from "#kernel/ids.js";

/** The folder, and the name in `--kill`, of a site; they count from 1. */
export const siteName = (number: number): string => `site-${number}`;

/** A site as the hub knows it. */
export const siteId = (number: number): SiteId => parseSiteId(`demo/${siteName(number)}`);

/** Does something for each item, at most `atOnce` at a time: fifty processes that start together help nobody. */
export async function forEachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
