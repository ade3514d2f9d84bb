import type { Operators } from "#hub/access/operators.js";
import type { Federated } from "#hub/federated/service.js";
import type { Results } from "#hub/results/service.js";
import type { RunFeed } from "#hub/runs/feed.js";
import type { Enrolment } from "#hub/sites/enrolment.js";
import type { Sites } from "#hub/sites/service.js";
import { openAssignments } from "#hub/store/assignments.js";
import { type Operation, once } from "#hub/store/operations.js";
import type { Store } from "#hub/store/store.js";
import type { Engine } from "#hub/workflow/engine/service.js";
import type { Events } from "#hub/workflow/events/service.js";
import type { Clock } from "#kernel/clock.js";
import { parseOpId, parseSiteId } from "#kernel/ids.js";
import { printable } from "#kernel/words.js";
import type { ControlHandlers } from "#proto/generated/comity/v1/Control.js";
import type { Hub } from "#proto/generated/comity/v1/Hub.js";
import type { CallInfo } from "#proto/rpc/call.js";
import type { Implementation } from "#proto/rpc/handlers.js";
import { requireOperator } from "#proto/rpc/principal.js";
import { decodeLabels } from "./decode.js";
import { encodeSite } from "./encode.js";
import { runCalls } from "./runs.js";
import { workflowCalls } from "./workflows.js";

interface Parts {
  readonly federated: Federated;
  readonly store: Store;
  readonly sites: Sites;
  readonly enrolment: Enrolment;
  readonly operators: Operators;
  readonly engine: Engine;
  readonly events: Events;
  readonly results: Results;
  readonly feed: RunFeed;
  readonly clock: Clock;
  describeHub(): Promise<Hub>;
}

/** The service that operators call. Who may call what stands in `access/table.ts`. */
export function controlService(parts: Parts): Implementation<ControlHandlers> {
  const { store, sites, enrolment, operators, clock } = parts;
  const operation = (opId: string, call: CallInfo, method: string, content: unknown): Operation => {
    return { opId: parseOpId(opId), actor: actorOf(call), method, content };
  };
  const site = async (id: string) => {
    const view = await sites.get(parseSiteId(id));
    return encodeSite(view, (await openAssignments(store.db, view.id)).length);
  };
  return {
    async InviteSite({ opId, ...request }, call) {
      const id = parseSiteId(request.site);
      const wish = {
        site: id,
        labels: decodeLabels(request.labels),
        ttlSeconds: request.ttlSeconds,
        invitedBy: actorOf(call),
      };
      const invitation = await once(
        store,
        operation(opId, call, "InviteSite", request),
        clock.nowMs(),
        (tx) => enrolment.invite(tx, wish),
      );
      return { token: await enrolment.tokenOf(invitation), site: id, expiresAtMs: invitation.expiresAtMs };
    },
    async ListSites() {
      const open = await openAssignments(store.db);
      return {
        sites: (await sites.list()).map((view) =>
          encodeSite(view, open.filter((assignment) => assignment.site === view.id).length),
        ),
      };
    },
    GetSite: (request) => site(request.site),
    async RevokeSite({ opId, ...request }, call) {
      const { id } = await sites.get(parseSiteId(request.site));
      await once(store, operation(opId, call, "RevokeSite", request), clock.nowMs(), async (tx) => {
        await enrolment.revoke(tx, id, printable(request.reason));
        return id;
      });
      return site(id);
    },
    ...runCalls(parts),
    ...workflowCalls(parts),
    async AddOperator({ opId, ...request }, call) {
      const operator = await once(store, operation(opId, call, "AddOperator", request), clock.nowMs(), (tx) =>
        operators.add(tx, request),
      );
      return { operator, token: await operators.tokenOf(operator) };
    },
    async ListOperators() {
      return { operators: await operators.list() };
    },
    RemoveOperator: ({ opId, ...request }, call) =>
      once(store, operation(opId, call, "RemoveOperator", request), clock.nowMs(), (tx) =>
        operators.remove(tx, request.name),
      ),
    GetHub: () => parts.describeHub(),
  };
}

const actorOf = (call: CallInfo): string => requireOperator(call).name;
