import assert from "node:assert/strict";
import { join } from "node:path";
import { hubPaths } from "#hub/config.js";
import { Database } from "#kernel/sqlite.js";

/** Rows of a federation's hub. Only while the hub is not there: nobody else may read its file before. */
export function hubRows(federationDir: string, sql: string): Record<string, unknown>[] {
  const database = new Database(hubPaths(join(federationDir, "hub")).database, { readonly: true });
  try {
    return database.prepare<[], Record<string, unknown>>(sql).all();
  } finally {
    database.close();
  }
}

/** Every call that ended did so once in its run's journal, and runs that are over have left nothing open. */
export function assertJournalledOnce(federationDir: string): void {
  const ends = hubRows(federationDir, "select run_id, event from transitions").flatMap(
    ({ run_id: runId, event }) => {
      const effect = /"type":"effect\.(?:completed|failed)","effect":"(e\d+)"/.exec(String(event))?.[1];
      return effect === undefined ? [] : [`${String(runId)}/${effect}`];
    },
  );
  assert.ok(ends.length > 0);
  assert.deepEqual(
    ends.filter((end, at) => ends.indexOf(end) !== at),
    [],
    "calls that ended twice",
  );
  for (const table of ["effects", "timers", "listeners", "inbox"]) {
    const left = hubRows(
      federationDir,
      `select * from ${table} where run_id in (select run_id from snapshots where live = 0)`,
    );
    assert.deepEqual(left, [], table);
  }
}
