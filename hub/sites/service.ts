import { matchingDatasets } from "#hub/routing/select.js";
import { listSites, saveCatalogue, saveHello, saveLastSeen } from "#hub/store/sites.js";
import type { Store } from "#hub/store/store.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { SiteId } from "#kernel/ids.js";
import { type DatasetSelector, limits } from "#proto/codec/work.js";
import type { Rows } from "#proto/work/kind.js";
import type { Dataset, Site } from "./model.js";
import type { Presence } from "./presence.js";

/** A site as operators see it. */
export interface SiteView extends Site {
  readonly state: "invited" | "online" | "offline" | "revoked";
}

/** What the hub knows of the sites, and what they say of themselves. */
export class Sites {
  readonly #store: Store;
  readonly #presence: Presence;
  readonly #clock: Clock;
  /** What the connected sites have said last; the store has the same. */
  readonly #catalogues = new Map<SiteId, readonly Dataset[]>();

  constructor(store: Store, presence: Presence, clock: Clock) {
    this.#store = store;
    this.#presence = presence;
    this.#clock = clock;
  }

  async list(): Promise<SiteView[]> {
    return (await listSites(this.#store.db)).map((site) => this.#view(site));
  }

  /** Throws `SITE_NOT_FOUND`. */
  async get(id: SiteId): Promise<SiteView> {
    const [site] = await listSites(this.#store.db, id);
    if (site !== undefined) return this.#view(site);
    throw new ComityError("SITE_NOT_FOUND", `There is no site ${id}.`, {
      hint: "`comity site list` shows the sites.",
    });
  }

  /** What an agent says when it connects. */
  async hello(id: SiteId, hello: { agentVersion: string; capabilities: readonly string[] }): Promise<void> {
    await this.#store.write((tx) => saveHello(tx.db, id, hello, this.#clock.nowMs()));
  }

  /** Replaces the datasets that a site says it has. */
  async catalogue(id: SiteId, datasets: readonly Dataset[]): Promise<void> {
    await this.#store.write((tx) => saveCatalogue(tx.db, id, datasets));
    this.#catalogues.set(id, datasets);
  }

  async left(id: SiteId): Promise<void> {
    this.#catalogues.delete(id);
    await this.#store.write((tx) => saveLastSeen(tx.db, id, this.#clock.nowMs()));
  }

  /** The most rows that the site can have of a dataset, by its own catalogue: its counts are rounded down to two significant digits. */
  async maxRows(id: SiteId, selector: DatasetSelector, rows: Rows): Promise<number> {
    const [dataset] = matchingDatasets({ datasets: await this.#datasets(id) }, selector);
    if (dataset === undefined) return limits.samples;
    const { trainRows, testRows } = dataset;
    switch (rows) {
      case "train":
        return upperBound(trainRows);
      case "test":
        return upperBound(testRows);
      case "all":
        return upperBound(trainRows) + upperBound(testRows);
      // No count of rows bounds what reads none.
      case "none":
        return limits.samples;
    }
  }

  async #datasets(id: SiteId): Promise<readonly Dataset[]> {
    const known = this.#catalogues.get(id);
    if (known !== undefined) return known;
    const [site] = await listSites(this.#store.db, id);
    return site?.datasets ?? [];
  }

  #view(site: Site): SiteView {
    const online = this.#presence.get(site.id) !== undefined;
    const state =
      site.revokedAtMs !== undefined
        ? "revoked"
        : online
          ? "online"
          : site.agentVersion === undefined
            ? "invited"
            : "offline";
    return { ...site, state };
  }
}

/** The largest number that is `rounded` when it is rounded down to two significant digits. */
export function upperBound(rounded: number): number {
  if (rounded < 100) return rounded;
  return rounded + 10 ** (Math.floor(Math.log10(rounded)) - 1) - 1;
}
