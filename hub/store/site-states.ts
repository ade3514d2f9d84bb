import type { AssignmentId, RunId, SiteId } from "#kernel/ids.js";
import type { EffectId } from "#kernel/refs.js";
import { Bulk } from "./bulk.js";
import type { Db } from "./schema.js";

/** The state of a work at the sites, over all calls that go on with each other. */
export interface SiteStateKey {
  readonly runId: RunId;
  readonly origin: EffectId;
  readonly name: string;
}

const count = new Bulk(
  "insert into site_states (run_id, origin, name, site, position, assignment_id)",
  ["text", "text", "text", "text", "bigint", "text"],
  "on conflict (run_id, origin, name, site, position) do update set assignment_id = excluded.assignment_id",
);

/** Says that these answers were folded in a round: the states written with them count, if the round comes to something. */
export async function countSiteStates(
  db: Db,
  { runId, origin, name }: SiteStateKey,
  position: number,
  answers: readonly { readonly site: SiteId; readonly id: AssignmentId }[],
): Promise<void> {
  if (answers.length === 0) return;
  // Of two answers of a site the later one: that is what it has come to.
  const last = new Map(answers.map(({ site, id }) => [site, id]));
  await count.run(
    db,
    [...last].map(([site, id]) => [runId, origin, name, site, position, id]),
  );
  // Of what is older, the last one is enough: a round that comes to nothing goes back by one.
  await db
    .deleteFrom("site_states")
    .where("run_id", "=", runId)
    .where("origin", "=", origin)
    .where("name", "=", name)
    .where("site", "in", [...last.keys()])
    .where("position", "<", position - 1)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("site_states as newer")
          .select("newer.position")
          .whereRef("newer.run_id", "=", "site_states.run_id")
          .whereRef("newer.origin", "=", "site_states.origin")
          .whereRef("newer.name", "=", "site_states.name")
          .whereRef("newer.site", "=", "site_states.site")
          .whereRef("newer.position", ">", "site_states.position")
          .where("newer.position", "<", position),
      ),
    )
    .execute();
}

/** After which answer each site's state is to be read; a site that is not in it has none. */
export async function siteStates(
  db: Db,
  { runId, origin, name }: SiteStateKey,
): Promise<ReadonlyMap<SiteId, AssignmentId>> {
  const rows = await db
    .selectFrom("site_states")
    .select(["site", "assignment_id"])
    .where("run_id", "=", runId)
    .where("origin", "=", origin)
    .where("name", "=", name)
    .orderBy("position")
    .execute();
  return new Map(rows.map((row) => [row.site as SiteId, row.assignment_id as AssignmentId]));
}

/** Forgets what was counted after `position`: those rounds have come to nothing. */
export async function forgetSiteStates(
  db: Db,
  { runId, origin }: Pick<SiteStateKey, "runId" | "origin">,
  position: number,
): Promise<void> {
  await db
    .deleteFrom("site_states")
    .where("run_id", "=", runId)
    .where("origin", "=", origin)
    .where("position", ">", position)
    .execute();
}

/** Forgets what a site keeps for a run: it has lost it. */
export async function forgetStatesOf(db: Db, runId: RunId, site: SiteId): Promise<void> {
  await db.deleteFrom("site_states").where("run_id", "=", runId).where("site", "=", site).execute();
}

/** Forgets all states of a run. Returns the sites that had some. */
export async function forgetRunStates(db: Db, runId: RunId): Promise<SiteId[]> {
  const rows = await db.deleteFrom("site_states").where("run_id", "=", runId).returning("site").execute();
  return [...new Set(rows.map(({ site }) => site as SiteId))];
}
