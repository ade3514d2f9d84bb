import { languageCalls } from "#hub/workflow/calls/calls.js";
import type { HttpClientSettings } from "#hub/workflow/calls/client.js";
import { AddressGuard, type GuardSettings, thisMachine } from "#hub/workflow/calls/guard.js";
import { FunctionFailure, Functions } from "#hub/workflow/function.js";
import type { WorkflowError } from "#hub/workflow/interpreter/model.js";
import { parseValue } from "#kernel/config.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { EffectId } from "#kernel/refs.js";

type Settings = Partial<Omit<HttpClientSettings, "guard">> & GuardSettings;
type Call = (name: string, argument: Json, signal?: AbortSignal) => Promise<Json>;

/** Makes calls of the language as the engine does; this machine may be called unless `allow` says otherwise. */
export function caller({ allow = thisMachine, plaintext = [], resolver, ...settings }: Settings = {}): Call {
  const guard = new AddressGuard({ allow, plaintext, ...(resolver && { resolver }) });
  const functions = new Functions(languageCalls({ ...settings, guard }));
  const effect = {
    runId: "run-1" as RunId,
    effect: "effect-1" as EffectId,
    ref: "/do/0/call",
    runName: "test",
    runStartedAtMs: 0,
    lease: { owner: "test", fence: 1 },
    resumes: undefined,
    madeSeq: 1,
  };
  return async (name, argument, signal = new AbortController().signal) => {
    const found = functions.find(name);
    if (found === undefined) throw new Error(`there is no function ${name}`);
    const parsed = parseValue(argument, name, found.argument);
    found.check?.(parsed);
    return found.perform(parsed, effect, signal);
  };
}

/** The error that the workflow would get. */
export async function failureOf(call: Promise<unknown>): Promise<WorkflowError & { readonly kind: string }> {
  try {
    await call;
  } catch (thrown) {
    if (!(thrown instanceof FunctionFailure)) throw thrown;
    const { workflowError } = thrown;
    return { ...workflowError, kind: workflowError.type.replace(/^.*\//, "") };
  }
  throw new Error("the call has not failed");
}
