import type { WrittenBatch } from "#hub/store/transitions.js";
import type { Tx } from "#hub/store/tx.js";
import { RunActor } from "./actor.js";
import type { Batch } from "./batch.js";
import type { Incoming } from "./batch-draft.js";
import type { Core } from "./core.js";
import { newStanding, type Standing } from "./standing.js";

/** The first transition of a run, made but not written; its large values are kept already. */
export interface Beginning {
  readonly item: WrittenBatch;
  /** Has it written with the transaction; after the commit this process works on the run. */
  add(tx: Tx): void;
}

/** Makes the first transition of a run; `payloads` are large values that belong to it besides. Throws what a run cannot begin with. */
export async function beginningOf(
  core: Core,
  run: Pick<Standing, "runId" | "name" | "fence" | "program">,
  incoming: Incoming,
  payloads: Batch["payloads"] = [],
): Promise<Beginning> {
  const actor = new RunActor(core.actor, newStanding(run));
  const { batch, moved } = await actor.begin(incoming);
  const item = await core.writer.item({ ...batch, payloads: [...batch.payloads, ...payloads] });
  return {
    item,
    add(tx) {
      core.writer.add(tx, item);
      tx.afterCommit(() => {
        core.actors.add(actor);
        moved();
      });
    },
  };
}
