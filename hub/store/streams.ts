import type { Assignment } from "#hub/assignments/model.js";
import type { StageKey } from "#hub/assignments/stage.js";
import type { SiteId } from "#kernel/ids.js";
import { type AssignmentRow, toAssignment } from "./assignments.js";
import { Bulk } from "./bulk.js";
import { Prepared } from "./prepared.js";
import type { Db } from "./schema.js";

/*
 * A stream lives as long as its call, and has an assignment for each answer: what is read of it must not grow with it. Streams stand at
 * position 0. Their indexes are of those rows alone: the conditions stand in the text as they stand in the indexes, and not as values.
 */

/** A stream: a stage at position 0. */
type StreamKey = Pick<StageKey, "runId" | "effect" | "stage">;

const ofStream = "run_id = ? and effect = ? and position = 0 and stage = ?";

/** A site is asked again after an answer and after one that was late; so each has one at most that is anything else. */
const notDone = "state not in ('delivered', 'late')";

/** In one statement: an answer that comes in meanwhile is in one of the two, and not in both. */
const findNews = new Prepared<AssignmentRow>(
  `select * from assignments where ${ofStream} and arrival > ?
    union all select * from assignments where ${ofStream} and ${notDone}`,
);

/** The answers of a stream that have arrived after a cursor, and whatever has not been answered. */
export async function newsOfStream(
  db: Db,
  { runId, effect, stage }: StreamKey,
  after: number,
): Promise<readonly Assignment[]> {
  const key = [runId, effect, stage];
  return (await findNews.rows(db, [...key, after, ...key])).map(toAssignment);
}

const findArrivals = new Prepared<AssignmentRow>(
  `select * from assignments where ${ofStream} and arrival > ? order by arrival limit ?`,
);

/** The first answers of a stream after a cursor, in the order of their arrival. */
export async function arrivalsAfter(
  db: Db,
  { runId, effect, stage }: StreamKey,
  after: number,
  limit: number,
): Promise<readonly Assignment[]> {
  return (await findArrivals.rows(db, [runId, effect, stage, after, limit])).map(toAssignment);
}

const findLast = new Bulk(
  "with v(run_id, effect, stage, site) as (",
  ["text", "text", "text", "text"],
  `) select assignments.* from v join assignments on assignments.assignment_id = (
      select a.assignment_id from assignments a
      where a.run_id = v.run_id and a.effect = v.effect and a.position = 0 and a.stage = v.stage and a.site = v.site
      order by a.issued desc limit 1)`,
);

/** What a stream has asked of some sites last; nothing of one that it has never asked. */
export async function lastOfSites(
  db: Db,
  { runId, effect, stage }: StreamKey,
  sites: readonly SiteId[],
): Promise<readonly Assignment[]> {
  const rows = sites.map((site) => [runId, effect, stage, site]);
  return (await findLast.run<AssignmentRow>(db, rows)).map(toAssignment);
}
