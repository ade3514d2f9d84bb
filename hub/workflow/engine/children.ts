import { z } from "zod";
import type { RunFeed } from "#hub/runs/feed.js";
import { isEnded } from "#hub/runs/model.js";
import { depthOf, findChild, findRun, runOutcome } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import {
  type EffectCaller,
  effectKey,
  FunctionFailure,
  type WorkflowFunction,
} from "#hub/workflow/function.js";
import { standardError } from "#hub/workflow/interpreter/errors.js";
import type { WorkflowError } from "#hub/workflow/interpreter/model.js";
import { deferred } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { Library } from "../library.js";
import type { Control } from "./control.js";
import type { Payloads } from "./payloads.js";
import type { Starter } from "./start.js";

/** Runs that start one another: a workflow that starts itself ends here. */
const maxDepth = 16;

const argument = z.strictObject({
  workflow: z.strictObject({ namespace: z.string(), name: z.string(), version: z.string() }),
  input: z.unknown(),
  /** False: the call is over once the run has begun. */
  await: z.boolean(),
});

type Argument = z.output<typeof argument>;

interface Parts {
  readonly store: Store;
  readonly feed: RunFeed;
  readonly library: Library;
  readonly starter: Starter;
  readonly control: Control;
  readonly payloads: Payloads;
}

/**
 * Starts another workflow and waits for its end. The run carries the name of the call that started it, so that there is one, however
 * often the call is made.
 */
export function runWorkflow(parts: Parts): WorkflowFunction<Argument> {
  const { store, library, starter, control } = parts;
  return {
    name: "run.workflow",
    purpose: "Runs another published workflow and gives its output.",
    argument,
    async perform(call, caller, signal) {
      const parent = effectKey(caller.runId, caller.effect);
      let runId = await findChild(store.db, parent);
      if (runId === undefined) {
        await checkDepth(store, caller.runId);
        const { namespace, name, version } = call.workflow;
        const { workflow } = await library.get(
          version === "latest" ? `${namespace}/${name}` : `${namespace}/${name}:${version}`,
        );
        signal.throwIfAborted();
        const startedBy = `run:${caller.runId}`;
        runId = await starter.start({ workflow, input: (call.input ?? null) as Json, startedBy, parent });
      }
      return call.await ? outputOf(parts, runId, signal) : { runId };
    },
    async cancel(caller: EffectCaller, reason) {
      const runId = await findChild(store.db, effectKey(caller.runId, caller.effect));
      if (runId === undefined) return;
      try {
        await control.cancel({ runId, by: `run:${caller.runId}`, reason });
      } catch (error) {
        if (!(error instanceof ComityError && error.code === "RUN_ENDED")) throw error;
      }
    },
  };
}

async function checkDepth(store: Store, runId: RunId): Promise<void> {
  if ((await depthOf(store.db, runId, maxDepth)) < maxDepth) return;
  throw new FunctionFailure(
    standardError("runtime", "Too many workflows within each other", {
      detail: `A run may stand at most ${maxDepth} levels below the first one.`,
    }),
  );
}

/** Waits until the run is over. */
async function outputOf({ store, feed, payloads }: Parts, runId: RunId, signal: AbortSignal): Promise<Json> {
  const aborted = deferred();
  const end = () => aborted.resolve();
  signal.addEventListener("abort", end, { once: true });
  try {
    for (;;) {
      const news = feed.changes.next(runId);
      signal.throwIfAborted();
      const run = await findRun(store.db, runId);
      if (run !== undefined && isEnded(run.state)) break;
      await Promise.race([news, aborted.promise]);
    }
  } finally {
    signal.removeEventListener("abort", end);
  }
  const { state, output, error } = await runOutcome(store.db, runId);
  if (state === "completed") return output === null ? null : payloads.unpack(output);
  throw new FunctionFailure(
    error === null
      ? standardError("runtime", "The workflow was cancelled", { detail: `Run ${runId} was cancelled.` })
      : (JSON.parse(error) as WorkflowError),
  );
}
