import { z } from "zod";
import { parseRunId, parseSha256, type RunId, type Sha256 } from "#kernel/ids.js";
import type { Database } from "#kernel/sqlite.js";
import type { Offer } from "./model.js";

/** One generation of a state: what a work has kept with one answer. */
export interface StateRow {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** Set where they are few; else there is a file. */
  readonly bytes: Buffer | undefined;
  /** The name of that file. */
  readonly file: string;
}

/** What an offer says of a state. */
export type StateOffer = Pick<Offer, "assignmentId" | "draw" | "stateKey" | "stateFrom">;

const rowSchema = z.object({
  assignmentId: z.string(),
  draw: z.number(),
  sha256: z.string().transform((text) => parseSha256(text)),
  sizeBytes: z.number(),
  bytes: z
    .instanceof(Buffer)
    .nullable()
    .transform((bytes) => bytes ?? undefined),
  file: z.string(),
});

/** The table of the states, as the fourth version of the journal's schema has brought it. */
export const stateSchema = `
create table states (
  key text not null,
  assignment_id text not null,
  run_id text not null,
  draw integer not null,
  sha256 text not null,
  size_bytes integer not null,
  bytes blob,
  file text not null,
  written_at_ms integer not null,
  primary key (key, assignment_id)
) strict;
create index states_run on states (run_id);
`;

/** What works keep at the site from one answer to the next, in the agent's journal. {@link settle} and {@link record} are for its transactions. */
export class StateRows {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#statements = prepare(database);
  }

  /** The generation that an offer counts from; undefined when it is not here. */
  find({ stateKey, stateFrom }: StateOffer): StateRow | undefined {
    const row = this.#statements.find.get(stateKey, stateFrom);
    return row === undefined ? undefined : rowSchema.parse(row);
  }

  /**
   * Writes down what was kept with an answer. It counts when an offer names this answer. Returns the name of the file that it replaces,
   * where the same work has been done before.
   */
  record(offer: StateOffer, state: StateRow, nowMs: number): string[] {
    const { assignmentId, draw, stateKey } = offer;
    const before = this.find({ ...offer, stateFrom: assignmentId });
    const { sha256, sizeBytes, bytes = null, file } = state;
    const runId = stateKey.slice(0, stateKey.indexOf("/"));
    this.#statements.record.run({
      stateKey,
      assignmentId,
      runId,
      draw,
      sha256,
      sizeBytes,
      bytes,
      file,
      nowMs,
    });
    return before === undefined ? [] : [before.file];
  }

  /**
   * Forgets the generations that no later offer can count from: an offer names the last one that was folded in a complete round, or in its
   * own. In the second case the one from before the round is kept, for the round may be done anew. Returns the names of their files.
   */
  settle({ assignmentId, draw, stateKey, stateFrom }: StateOffer): string[] {
    const rows = z.array(rowSchema).parse(this.#statements.generations.all(stateKey));
    const base = rows.find((row) => row.assignmentId === stateFrom);
    const inRound = base?.draw === draw;
    const gone = rows.filter((row) => {
      if (row === base || row.assignmentId === assignmentId) return false;
      // Work of an older round that comes to its end late takes nothing from a newer one.
      return inRound ? row.draw === draw : row.draw <= draw;
    });
    for (const row of gone) this.#statements.forget.run(stateKey, row.assignmentId);
    return gone.map(({ file }) => file);
  }

  /** Forgets all that was kept for a run. Returns the names of the files. */
  endRun(runId: RunId): string[] {
    return z.array(z.string()).parse(this.#statements.endRun.all(runId));
  }

  /** The runs that something is kept for. */
  runs(): RunId[] {
    return z.array(z.string().transform((id) => parseRunId(id))).parse(this.#statements.runs.all());
  }

  /** The names of all files. */
  files(): string[] {
    return z.array(z.string()).parse(this.#statements.files.all());
  }
}

function prepare(database: Database) {
  const columns = "assignment_id as assignmentId, draw, sha256, size_bytes as sizeBytes, bytes, file";
  return {
    find: database.prepare<[string, string]>(
      `select ${columns} from states where key = ? and assignment_id = ?`,
    ),
    generations: database.prepare<[string]>(
      `select ${columns.replace("bytes, file", "null as bytes, file")} from states where key = ?`,
    ),
    record: database.prepare(
      `insert into states (key, assignment_id, run_id, draw, sha256, size_bytes, bytes, file, written_at_ms)
       values (@stateKey, @assignmentId, @runId, @draw, @sha256, @sizeBytes, @bytes, @file, @nowMs)
       on conflict (key, assignment_id) do update set draw = @draw, sha256 = @sha256, size_bytes = @sizeBytes, bytes = @bytes,
         file = @file, written_at_ms = @nowMs`,
    ),
    forget: database.prepare<[string, string]>("delete from states where key = ? and assignment_id = ?"),
    endRun: database.prepare<[string]>("delete from states where run_id = ? returning file").pluck(),
    runs: database.prepare("select distinct run_id from states order by run_id").pluck(),
    files: database.prepare("select file from states where bytes is null").pluck(),
  };
}
