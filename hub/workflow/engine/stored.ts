import { isKnownFormat, type JournalFormat } from "#hub/workflow/interpreter/format.js";
import type { RunState } from "#hub/workflow/interpreter/model.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import type { Payloads } from "./payloads.js";

/** The format of a row of a run's journal. Throws `JOURNAL_TOO_NEW` for one that this hub does not know. */
export function knownFormat(runId: RunId, format: number): JournalFormat {
  if (isKnownFormat(format)) return format;
  throw new ComityError(
    "JOURNAL_TOO_NEW",
    `The journal of run ${runId} has format ${format}, which this hub does not know.`,
    { hint: "A newer hub has written it: let that one go on with the run, or upgrade this one." },
  );
}

/** A state as a row keeps it; undefined for that of a run without a transition. Throws `JOURNAL_TOO_NEW`. */
export async function storedState(
  payloads: Payloads,
  runId: RunId,
  row: { readonly state: string; readonly format: number },
): Promise<RunState | undefined> {
  knownFormat(runId, row.format);
  return row.state === "" ? undefined : ((await payloads.unpack(row.state)) as unknown as RunState);
}
