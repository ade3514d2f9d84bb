import { findSnapshot, type SnapshotRow, transitionsAfter } from "#hub/store/snapshots.js";
import type { Store } from "#hub/store/store.js";
import type { JournalEvent } from "#hub/workflow/interpreter/model.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import { runNotFound } from "./actors.js";
import { interpretSafely } from "./batch-draft.js";
import { ofState, type Payloads } from "./payloads.js";
import type { Programs } from "./programs.js";
import { knownFormat, storedState } from "./stored.js";

/** Transitions that are read at a time. */
const pageTransitions = 500;

interface Parts {
  readonly store: Store;
  readonly payloads: Payloads;
  readonly programs: Programs;
}

/** What a replay has found: nothing but how far it went. */
export interface Verified {
  readonly runId: RunId;
  /** The transition that the kept journal begins after. */
  readonly fromSeq: number;
  /** The last one. */
  readonly seq: number;
  /** Digest of the state that both give. */
  readonly stateSha256: Sha256;
}

/**
 * Takes the journal of a run through the interpreter again, and compares each state with the digest that was written with it, and the
 * last with the snapshot. Throws `JOURNAL_DAMAGED` with the first transition that differs, `JOURNAL_TOO_NEW`, `RUN_NOT_FOUND`.
 */
export async function verifyRun(parts: Parts, runId: RunId): Promise<Verified> {
  for (;;) {
    const row = await findSnapshot(parts.store.db, runId);
    if (row === undefined) throw runNotFound(runId);
    try {
      return await replay(parts, runId, row);
    } catch (error) {
      // A run that goes on may have folded its journal meanwhile: then there is another one to replay.
      if ((await findSnapshot(parts.store.db, runId))?.base_seq === row.base_seq) throw error;
    }
  }
}

async function replay(
  { store, payloads, programs }: Parts,
  runId: RunId,
  row: SnapshotRow,
): Promise<Verified> {
  let program = await programs.get(row.base_workflow_sha256 as Sha256);
  let text = row.base_state;
  let state = await storedState(payloads, runId, { state: text, format: row.base_format });
  let seq = row.base_seq;
  while (seq < row.seq) {
    const page = await transitionsAfter(store.db, runId, seq, pageTransitions);
    for (const transition of page) {
      if (transition.seq > row.seq) break;
      if (transition.seq !== seq + 1) throw damaged(runId, seq + 1, "is missing");
      seq = transition.seq;
      const event = (await payloads.unpack(transition.event)) as unknown as JournalEvent;
      if (event.type === "run.retried" && event.definition !== undefined) {
        program = await programs.get(event.definition);
      }
      const format = knownFormat(runId, transition.format);
      ({ state } = await interpretSafely(program.interpret, state, event, format));
      text = payloads.pack(state, ofState).text;
      if (hashBytes(text) !== transition.state_sha256) {
        throw damaged(runId, seq, `(${event.type}) leads to another state than the journal says`);
      }
    }
    if (page.length === 0) throw damaged(runId, seq + 1, "is missing");
  }
  if (text !== row.state) throw damaged(runId, seq, "does not lead to the snapshot");
  return { runId, fromSeq: row.base_seq, seq, stateSha256: hashBytes(text) };
}

function damaged(runId: RunId, seq: number, what: string): ComityError {
  return new ComityError("JOURNAL_DAMAGED", `Transition ${seq} of run ${runId} ${what}.`, {
    hint: "The hub's database was changed from outside, or a fault of Comity has come to light: please report it with the run's workflow.",
  });
}
