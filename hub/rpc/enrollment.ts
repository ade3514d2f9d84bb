import type { Attempts } from "#hub/sites/attempts.js";
import type { Enrolment } from "#hub/sites/enrolment.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { EnrollmentHandlers } from "#proto/generated/comity/v1/Enrollment.js";
import type { CallInfo } from "#proto/rpc/call.js";
import type { Implementation } from "#proto/rpc/handlers.js";
import { requireAgent } from "#proto/rpc/principal.js";

/** `comity.v1.Enrollment`. `agentAddress` says where the agent listener is (`host:port`). */
export function enrollmentService(parts: {
  enrolment: Enrolment;
  attempts: Attempts;
  clock: Clock;
  agentAddress: () => string;
}): Implementation<EnrollmentHandlers> {
  const { enrolment, attempts, clock, agentAddress } = parts;

  /** Slows down an address that keeps failing, before anything is computed for it. */
  const counted = async <T>(call: CallInfo, attempt: () => Promise<T>): Promise<T> => {
    if (!attempts.allows(call.peer)) {
      throw new ComityError("RATE_LIMITED", "Too many refused attempts from this address.", {
        hint: "Wait a minute, then try once with a good token.",
      });
    }
    try {
      return await attempt();
    } catch (error) {
      attempts.failed(call.peer);
      throw error;
    }
  };

  return {
    async Join({ token, certificateRequest, agentVersion }, call) {
      const admission = await counted(call, () =>
        enrolment.join({ token, certificateRequest, agentVersion }),
      );
      return {
        certificateChain: admission.chain,
        root: admission.root,
        agentAddress: agentAddress(),
        site: admission.site,
        hubTimeMs: clock.nowMs(),
      };
    },
    async Renew({ certificateRequest }, call) {
      const { chain, root } = await enrolment.renew(requireAgent(call), certificateRequest);
      return { certificateChain: chain, root, hubTimeMs: clock.nowMs() };
    },
    async RenewExpired(request, call) {
      const { chain, root } = await counted(call, () => enrolment.renewExpired(request));
      return { certificateChain: chain, root, hubTimeMs: clock.nowMs() };
    },
  };
}
