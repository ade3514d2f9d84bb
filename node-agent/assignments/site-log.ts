import { z } from "zod";
import { hashBytes } from "#kernel/files.js";
import type { Database } from "#kernel/sqlite.js";
import { inputOf, type LogLine } from "./model.js";

const rowsSchema = z.array(z.record(z.string(), z.unknown()));

/** The site's own log, in the agent's journal: what was decided, for whom, and the digests of what has left. Lines are only ever added. */
export class SiteLog {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#statements = prepare(database);
  }

  /** Adds a line, in the transaction of its caller. */
  append({ event, offer, dataset, rule, reason, answer }: LogLine, nowMs: number): void {
    this.#statements.append.run({
      nowMs,
      event,
      id: offer.assignmentId,
      attempt: offer.attempt,
      runId: offer.runId,
      runName: offer.runName,
      round: offer.round,
      kind: offer.kind,
      stage: offer.stage,
      function: offer.function,
      requester: offer.requester,
      release: offer.release,
      minSites: offer.minSites,
      base: inputOf(offer, "base")?.sha256 ?? "",
      inputs: JSON.stringify(Object.fromEntries(offer.inputs.map(({ name, blob }) => [name, blob.sha256]))),
      dataset: dataset ?? null,
      rule: rule ?? null,
      reason: reason ?? null,
      opId: answer?.opId ?? null,
      sha256: answer?.update?.sha256 ?? null,
      sizeBytes: answer?.update?.sizeBytes ?? null,
      samples: answer?.samples ?? null,
      metrics: answer === undefined ? null : JSON.stringify(answer.metrics),
      valueSha256: answer?.valueJson === undefined ? null : hashBytes(answer.valueJson),
    });
  }

  /** The newest lines, newest first. */
  newest(limit: number): Record<string, unknown>[] {
    return rowsSchema.parse(this.#statements.newest.all(limit));
  }
}

function prepare(database: Database) {
  return {
    append: database.prepare(
      `insert into decisions (at_ms, event, assignment_id, attempt, run_id, run_name, round, kind, stage, function, requester, release,
         min_sites, base_sha256, inputs, dataset, rule, reason, op_id, sha256, size_bytes, samples, metrics, value_sha256)
       values (@nowMs, @event, @id, @attempt, @runId, @runName, @round, @kind, @stage, @function, @requester, @release,
         @minSites, @base, @inputs, @dataset, @rule, @reason, @opId, @sha256, @sizeBytes, @samples, @metrics, @valueSha256)`,
    ),
    newest: database.prepare<[number]>("select * from decisions order by seq desc limit ?"),
  };
}
