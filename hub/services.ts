import { comityVersion } from "#kernel/version.js";
import { AgentService, ControlService, EnrollmentService, ResultsService } from "#proto/rpc/definitions.js";
import { addHealth } from "#proto/rpc/health.js";
import type { RpcListener } from "#proto/rpc/listener.js";
import { addReflection } from "#proto/rpc/reflection.js";
import { checkTable } from "./access/table.js";
import type { Areas, Foundation } from "./areas.js";
import { publicAddress } from "./config.js";
import { agentService } from "./rpc/agent.js";
import { controlService } from "./rpc/control.js";
import { enrollmentService } from "./rpc/enrollment.js";
import { resultsService } from "./rpc/results.js";
import { SessionDesk } from "./rpc/session.js";
import { Attempts } from "./sites/attempts.js";
import { countRunningRuns } from "./store/runs.js";

/** How long an agent waits before it comes back to a hub that has stopped. */
const comeBackMs = 1_000;

interface Listeners {
  /** For operators, and for sites that join. */
  readonly control: RpcListener;
  readonly agents: RpcListener;
}

/** The services of a hub that is there for its callers. */
interface Services {
  /** Says over `grpc.health.v1.Health` that the hub takes work. */
  open(): void;
  /** Says that it does not any more, and sends the agents away. */
  drain(): void;
}

/** Puts each service on the port of its callers. Throws `INTERNAL` when the table of who may call what has a gap. */
export function addServices({ control, agents }: Listeners, areas: Areas, foundation: Foundation): Services {
  const { config, store, kinds, clock, log } = foundation;
  const { presence, sites, assignments, states, events, intake, reader, enrolment, models, results } = areas;
  const startedAtMs = clock.nowMs();
  const sessions = new SessionDesk({
    presence,
    sites,
    assignments,
    intake,
    states,
    events: events.incoming,
    clock,
    log,
    hubVersion: comityVersion,
    kinds,
    heartbeatMs: config.heartbeatMs,
  });
  const agentAddress = () => publicAddress(config, "agents");
  const enrollment = enrollmentService({ enrolment, attempts: new Attempts(clock), clock, agentAddress });
  const resultsFunctions = resultsService({ results, models, reader });
  const describeHub = async () => ({
    name: config.name,
    version: comityVersion,
    startedAtMs,
    controlAddress: publicAddress(config, "control"),
    agentAddress: agentAddress(),
    sitesOnline: presence.count,
    runsRunning: await countRunningRuns(store.db),
  });
  control.add(EnrollmentService, enrollment);
  control.add(ControlService, controlService({ ...areas, store, clock, describeHub }));
  control.add(ResultsService, resultsFunctions);
  agents.add(AgentService, agentService({ store, reader, intake, sessions }));
  agents.addSome(EnrollmentService, { Renew: enrollment.Renew });
  agents.add(ResultsService, resultsFunctions);
  const services = [EnrollmentService.name, ControlService.name, ResultsService.name];
  const health = addHealth(control, services);
  addReflection(control, [...services, "grpc.health.v1.Health"]);
  checkTable([...new Set([...control.methods, ...agents.methods])]);
  return {
    open: () => health.set(true),
    drain() {
      health.set(false);
      for (const session of presence.online) session.drain(comeBackMs, "The hub is stopping.");
      sessions.stop();
    },
  };
}
