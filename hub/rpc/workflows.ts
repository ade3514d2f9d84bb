import type { Engine } from "#hub/workflow/engine/service.js";
import type { Events } from "#hub/workflow/events/service.js";
import type { ListedVersion } from "#hub/workflow/library.js";
import { parseOpId } from "#kernel/ids.js";
import type { ControlHandlers } from "#proto/generated/comity/v1/Control.js";
import type { WorkflowVersion as WorkflowVersionMessage } from "#proto/generated/comity/v1/WorkflowVersion.js";
import type { Implementation } from "#proto/rpc/handlers.js";
import { requireOperator } from "#proto/rpc/principal.js";

type WorkflowCalls = Pick<
  Implementation<ControlHandlers>,
  "PublishWorkflow" | "ListWorkflows" | "GetWorkflow" | "PublishEvent"
>;

interface Parts {
  readonly engine: Engine;
  readonly events: Events;
}

/** The calls of Control about workflows themselves, and about the events that wake them. */
export function workflowCalls({ engine: { library }, events }: Parts): WorkflowCalls {
  /** Versions with the time at which their workflow starts by itself. */
  const encoded = async (versions: readonly ListedVersion[]): Promise<WorkflowVersionMessage[]> => {
    const starts = await events.schedules.nextStarts();
    return versions.map((version) => encodeVersion(version, starts.get(version.sha256) ?? 0));
  };
  return {
    async PublishWorkflow({ opId, source }, call) {
      const publishedBy = requireOperator(call).name;
      const version = await library.publish({ opId: parseOpId(opId), text: source, publishedBy });
      return (await encoded([version]))[0] ?? {};
    },
    async ListWorkflows({ workflow }) {
      return { versions: await encoded(await library.list(workflow)) };
    },
    async GetWorkflow({ workflow }) {
      const version = await library.get(workflow);
      const { title = "" } = version.workflow.document;
      return { ...(await encoded([{ ...version, title }]))[0], source: version.source };
    },
    async PublishEvent({ opId, eventJson }, call) {
      const by = requireOperator(call).name;
      const { eventId, runs, started } = await events.incoming.publish({
        opId: parseOpId(opId),
        eventJson,
        by,
      });
      return { eventId, runs, started: [...started] };
    },
  };
}

function encodeVersion(version: ListedVersion, nextStartAtMs: number): WorkflowVersionMessage {
  const { namespace, name, sha256, title, publishedBy, publishedAtMs } = version;
  return {
    namespace,
    name,
    version: version.version,
    sha256,
    title,
    publishedBy,
    publishedAtMs,
    nextStartAtMs,
  };
}
