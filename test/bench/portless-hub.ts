import { sql } from "kysely";
import { Authority } from "#certs/authority.js";
import { keyFromPem } from "#certs/keys.js";
import { type Areas, type Foundation, makeAreas } from "#hub/areas.js";
import { FileBlobStore } from "#hub/blobs/store.js";
import { hubPaths, readHubConfig } from "#hub/config.js";
import { openHubStore } from "#hub/database.js";
import { functions } from "#hub/federated/functions/index.js";
import { readAuthority } from "#hub/folder.js";
import type { Store } from "#hub/store/store.js";
import { callSettings } from "#hub/workflow/calls/settings.js";
import { noSecrets } from "#hub/workflow/engine/secrets.js";
import { systemClock } from "#kernel/clock.js";
import { createLog } from "#kernel/log.js";
import { kinds } from "#proto/work/index.js";

/** The areas of the hub of a folder, as they are, without its ports: what is left are its rows and what it does with them. */
export class PortlessHub {
  readonly areas: Areas;
  readonly store: Store;

  private constructor(areas: Areas, store: Store) {
    this.areas = areas;
    this.store = store;
  }

  /**
   * Nothing is taken up yet: that is for `areas.engine.resume()`. The disk is not waited for: a sync takes the same whatever there is in the
   * rows, and would hide what grows with them.
   */
  static async open(dir: string): Promise<PortlessHub> {
    const clock = systemClock;
    const log = createLog("hub", "warn");
    const config = await readHubConfig(dir);
    const { material, signingKey } = await readAuthority(dir, config.trustDomain, clock.nowMs(), log);
    const store = await openHubStore({ dir, database: undefined, log });
    await sql`pragma synchronous = off`.execute(store.db);
    const foundation: Foundation = {
      config,
      store,
      blobs: await new FileBlobStore(hubPaths(dir).blobs).open(),
      authority: new Authority(material),
      tokenKey: keyFromPem(signingKey, "DIRECTORY_INVALID"),
      secrets: noSecrets,
      calls: await callSettings(config.http, dir),
      functions,
      kinds,
      clock,
      log,
    };
    return new PortlessHub(await makeAreas(foundation), store);
  }

  async close(): Promise<void> {
    await this.areas.stop();
    await this.store.close();
  }
}
