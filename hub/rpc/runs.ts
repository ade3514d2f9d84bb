import type { Federated } from "#hub/federated/service.js";
import type { Results } from "#hub/results/service.js";
import type { RunFeed } from "#hub/runs/feed.js";
import type { Engine, WorkflowChoice } from "#hub/workflow/engine/service.js";
import { ComityError } from "#kernel/errors.js";
import { parseOpId, parseRunId, type RunId } from "#kernel/ids.js";
import { type Json, parseJson } from "#kernel/json.js";
import { printable } from "#kernel/words.js";
import type { ControlHandlers } from "#proto/generated/comity/v1/Control.js";
import type { CallInfo } from "#proto/rpc/call.js";
import type { Implementation } from "#proto/rpc/handlers.js";
import { requireOperator } from "#proto/rpc/principal.js";
import { encodeDryRun, encodeEvent, encodeRun, encodeRunView, encodeWhy } from "./encode.js";
import { listLimit } from "./results.js";

type RunCalls = Pick<
  Implementation<ControlHandlers>,
  | "StartRun"
  | "ListRuns"
  | "GetRun"
  | "WatchRun"
  | "CancelRun"
  | "PauseRun"
  | "ResumeRun"
  | "RetryRun"
  | "VerifyRun"
  | "ExplainRun"
  | "DryRun"
>;

interface Parts {
  readonly engine: Engine;
  readonly federated: Federated;
  readonly results: Results;
  readonly feed: RunFeed;
}

/** The calls of Control that start, steer and explain runs. */
export function runCalls({ engine, federated, results, feed }: Parts): RunCalls {
  const view = async (runId: RunId) => encodeRunView(await results.view(runId));
  const steering = ({ opId, runId }: { opId: string; runId: string }, call: CallInfo) => ({
    opId: parseOpId(opId),
    runId: parseRunId(runId),
    by: requireOperator(call).name,
  });
  return {
    async StartRun({ opId, name, key, inputJson, ...request }, call) {
      const run = await engine.start({
        opId: parseOpId(opId),
        workflow: choiceOf(request),
        input: inputOf(inputJson),
        name: printable(name, 100),
        ...(key !== "" && { key: parseKey(key) }),
        startedBy: requireOperator(call).name,
      });
      return view(run.id);
    },
    async ListRuns({ limit }) {
      return { runs: (await results.runs(listLimit(limit))).map(encodeRun) };
    },
    GetRun: ({ runId }) => view(parseRunId(runId)),
    async *WatchRun({ runId, afterSeq }, call) {
      const { id } = await engine.get(parseRunId(runId));
      for await (const event of feed.watch(id, afterSeq, call.signal)) yield encodeEvent(event);
    },
    async CancelRun(request, call) {
      const run = await engine.cancel({ ...steering(request, call), reason: printable(request.reason) });
      return view(run.id);
    },
    async PauseRun(request, call) {
      const run = await engine.pause({ ...steering(request, call), reason: printable(request.reason) });
      return view(run.id);
    },
    async ResumeRun(request, call) {
      return view((await engine.unpause(steering(request, call))).id);
    },
    async RetryRun({ from, workflowSource, ...request }, call) {
      const run = await engine.retry({
        ...steering(request, call),
        ...(from !== "" && { from }),
        ...(workflowSource !== "" && { definition: { text: workflowSource } }),
      });
      return view(run.id);
    },
    async VerifyRun({ runId }) {
      const id = parseRunId(runId);
      const { seq, fromSeq, stateSha256 } = await engine.verify(id);
      const rounds = await federated.verify(id);
      return { transitions: seq - fromSeq, compacted: fromSeq, stateSha256, rounds };
    },
    async ExplainRun({ runId }) {
      return encodeWhy(await engine.why(parseRunId(runId)));
    },
    async DryRun({ inputJson, ...request }) {
      return encodeDryRun(await engine.dryRun({ workflow: choiceOf(request), input: inputOf(inputJson) }));
    },
  };
}

/** The workflow that a request means: by its name in the library, or its text. */
function choiceOf(request: { workflow: string; workflowSource: string }): WorkflowChoice {
  if (request.workflow !== "" && request.workflowSource === "") return { title: request.workflow };
  if (request.workflowSource !== "" && request.workflow === "") return { text: request.workflowSource };
  throw new ComityError(
    "ARGUMENT_INVALID",
    "A run is started of a published workflow or of a text: of one of them.",
  );
}

const inputOf = (inputJson: string): Json => (inputJson === "" ? {} : (parseJson(inputJson) as Json));

/** Names of the hub's own starts begin so: a caller must not take one of them before its time. */
const ownKeys = /^(?:schedule|event):/;

function parseKey(key: string): string {
  if (key.length > 200 || !key.isWellFormed())
    throw new ComityError("ARGUMENT_INVALID", "The key of a start has at most 200 characters.");
  if (ownKeys.test(key))
    throw new ComityError(
      "ARGUMENT_INVALID",
      "A key must not begin with `schedule:` or `event:`: those are the hub's own.",
    );
  return key;
}
