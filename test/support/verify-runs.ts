import { FileBlobStore } from "#hub/blobs/store.js";
import { hubPaths, readHubConfig } from "#hub/config.js";
import { openHubStore } from "#hub/database.js";
import { functions } from "#hub/federated/functions/index.js";
import { verifyCalls } from "#hub/federated/verify.js";
import { RunFeed } from "#hub/runs/feed.js";
import type { Store } from "#hub/store/store.js";
import { Limits } from "#hub/workflow/engine/limits.js";
import { filePayloads } from "#hub/workflow/engine/payload-stores.js";
import { noSecrets } from "#hub/workflow/engine/secrets.js";
import { Engine } from "#hub/workflow/engine/service.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { SchemaChecker } from "#hub/workflow/schema/checker.js";
import { systemClock } from "#kernel/clock.js";
import type { RunId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";

/**
 * Replays every run of a hub that is stopped, and its federated calls; throws when a journal does not give its snapshot, or a script something
 * else than its rows say.
 */
export async function verifyRuns(dir: string): Promise<void> {
  const { database } = await readHubConfig(dir);
  const store = await openHubStore({ dir, database });
  try {
    await verifyStore(store, hubPaths(dir).blobs);
  } finally {
    await store.close();
  }
}

async function verifyStore(store: Store, blobs: string): Promise<void> {
  const expressions = new JqExpressions();
  const schemas = new SchemaChecker();
  const engine = new Engine({
    store,
    feed: new RunFeed(store, systemClock),
    functions: [],
    expressions,
    schemas,
    secrets: noSecrets,
    payloads: filePayloads(await new FileBlobStore(blobs).open()),
    limits: new Limits({ store, clock: systemClock, rules: [] }),
    clock: systemClock,
    log: silentLog,
  });
  try {
    const rows = await store.db.selectFrom("snapshots").select("run_id").where("seq", ">", 0).execute();
    for (const { run_id: runId } of rows) {
      await engine.verify(runId as RunId);
      await verifyCalls({ store, functions }, runId as RunId);
    }
  } finally {
    await expressions.close();
    await schemas.close();
  }
}
