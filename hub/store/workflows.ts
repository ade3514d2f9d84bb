import type { Selectable } from "kysely";
import type { Db, WorkflowVersionsTable } from "./schema.js";

export type WorkflowVersionRow = Selectable<WorkflowVersionsTable>;

/** The versions of one workflow, or of all. */
export async function workflowVersions(
  db: Db,
  of?: { readonly namespace: string; readonly name: string },
): Promise<WorkflowVersionRow[]> {
  let query = db.selectFrom("workflow_versions").selectAll();
  if (of !== undefined) query = query.where("namespace", "=", of.namespace).where("name", "=", of.name);
  return query.orderBy("namespace").orderBy("name").orderBy("published_at_ms").execute();
}

/** Adds a version; one that is there stays what it is. */
export async function insertWorkflowVersion(db: Db, row: WorkflowVersionRow): Promise<void> {
  await db
    .insertInto("workflow_versions")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
