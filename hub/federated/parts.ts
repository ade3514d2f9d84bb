import type { CallNews } from "#hub/assignments/news.js";
import type { Assignments } from "#hub/assignments/service.js";
import type { BlobReader } from "#hub/blobs/reader.js";
import type { Retention } from "#hub/blobs/retention.js";
import type { BlobStore } from "#hub/blobs/store.js";
import type { FoldPool } from "#hub/fold/pool.js";
import type { SiteChooser } from "#hub/routing/chooser.js";
import type { RunFeed } from "#hub/runs/feed.js";
import type { Presence } from "#hub/sites/presence.js";
import type { Store } from "#hub/store/store.js";
import type { Limits } from "#hub/workflow/engine/limits.js";
import type { Clock } from "#kernel/clock.js";
import type { Kind } from "#proto/work/kind.js";

/** What the driver works with. */
export interface DriverParts {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly reader: BlobReader;
  readonly retention: Retention;
  readonly presence: Presence;
  readonly chooser: SiteChooser;
  readonly feed: RunFeed;
  readonly assignments: Assignments;
  readonly news: CallNews;
  readonly pool: FoldPool;
  readonly limits: Limits;
  /** The kinds of work that this hub knows. */
  readonly kinds: readonly Kind[];
  readonly clock: Clock;
  /** The hub's smallest number of sites behind anything that is let out; a plan can only raise it. */
  readonly minSites: number;
}

/** Until when to look again; undefined: only at news. */
export interface Wait {
  readonly untilMs: number | undefined;
  /** News besides those of the call. */
  readonly news?: Promise<void>;
}
