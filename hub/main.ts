import { Authority } from "#certs/authority.js";
import { keyFromPem } from "#certs/keys.js";
import { freeBuffersAtOnce } from "#kernel/buffers.js";
import { deferred } from "#kernel/async.js";
import { systemClock } from "#kernel/clock.js";
import type { Log } from "#kernel/log.js";
import { comityVersion } from "#kernel/version.js";
import { AgentService, ControlService, EnrollmentService, ResultsService } from "#proto/rpc/definitions.js";
import { addHealth } from "#proto/rpc/health.js";
import { RpcListener } from "#proto/rpc/listener.js";
import { addReflection } from "#proto/rpc/reflection.js";
import { Authoriser } from "./access/authoriser.js";
import { Operators } from "./access/operators.js";
import { checkTable } from "./access/table.js";
import { AnswerIntake } from "./assignments/intake.js";
import { Assignments } from "./assignments/service.js";
import { Retention } from "./blobs/retention.js";
import { FileBlobStore } from "./blobs/store.js";
import { hubPaths, publicAddress, readHubConfig } from "./config.js";
import { openHubStore } from "./database.js";
import { readAuthority } from "./folder.js";
import { WebhookListener } from "./http/webhook.js";
import { HubIdentity } from "./identity.js";
import { Models } from "./models/service.js";
import { Results } from "./results/service.js";
import { Aggregator } from "./rounds/aggregator.js";
import { Rounds } from "./rounds/service.js";
import { Trainings } from "./rounds/trainings.js";
import { agentService } from "./rpc/agent.js";
import { controlService } from "./rpc/control.js";
import { enrollmentService } from "./rpc/enrollment.js";
import { resultsService } from "./rpc/results.js";
import { SessionDesk } from "./rpc/session.js";
import { Attempts } from "./sites/attempts.js";
import { Enrolment } from "./sites/enrolment.js";
import { siteRevoked } from "./sites/renewal.js";
import { Presence } from "./sites/presence.js";
import { Revocations } from "./sites/revocations.js";
import { Sites } from "./sites/service.js";
import { countRunningRuns } from "./store/runs.js";
import { languageCalls } from "./workflow/calls/calls.js";
import { callSettings } from "./workflow/calls/settings.js";
import { filePayloads } from "./workflow/engine/payload-stores.js";
import { Payloads } from "./workflow/engine/payloads.js";
import { Engine } from "./workflow/engine/service.js";
import { JqExpressions } from "./workflow/expression/service.js";
import { federatedFunctions } from "./workflow/functions/catalogue.js";
import { RunJournal } from "./workflow/journal.js";
import { readSecrets } from "./workflow/secrets.js";
import { Triggers } from "./workflow/triggers/service.js";

/** A hub that serves. */
export interface RunningHub {
  /** `host:port` as others reach it. */
  readonly controlAddress: string;
  readonly agentAddress: string;
  /** Runs that were taken up from before. */
  readonly resumedRuns: number;
  /** Rejects when the hub can serve no longer: another one has its database. It is to be stopped then. */
  readonly ended: Promise<void>;
  /** Drains: agents are told to come back later, uploads may finish; then everything is closed. */
  stop(): Promise<void>;
}

/** Starts the hub of a folder: takes up what was running, then serves both ports. This is the only place that constructs adapters. */
export async function startHub({
  dir,
  log,
}: {
  readonly dir: string;
  readonly log: Log;
}): Promise<RunningHub> {
  freeBuffersAtOnce();
  const clock = systemClock;
  const config = await readHubConfig(dir);
  const paths = hubPaths(dir);
  const { material, signingKey } = await readAuthority(dir, config.trustDomain, clock.nowMs(), log);
  const tokenKey = keyFromPem(signingKey, "DIRECTORY_INVALID");
  const secrets = await readSecrets(paths.secrets);
  const calls = await callSettings(config.http, dir);
  const authority = new Authority(material);
  const ended = deferred();
  // Whoever runs the hub may not be listening yet, or not at all.
  ended.promise.catch(() => undefined);
  const store = await openHubStore({ dir, database: config.database, log, onLost: ended.reject });
  const blobs = await new FileBlobStore(paths.blobs).open();
  const retention = new Retention({ store, blobs, clock, log });
  await retention.sweep();
  const revocations = await Revocations.load(store.db, clock.nowMs());

  const presence = new Presence(clock);
  const sites = new Sites(store, presence, clock);
  const journal = new RunJournal(store, clock);
  const payloads = filePayloads(blobs);
  const packed = new Payloads(payloads);
  const trainings = new Trainings(store, (text) => packed.unpack(text));
  const assignments = new Assignments({ store, presence, journal, work: trainings, clock, log });
  const aggregator = new Aggregator().warm();
  const rounds = new Rounds({
    store,
    blobs,
    retention,
    presence,
    journal,
    assignments,
    trainings,
    aggregator,
    limits: {
      acquire: (tx, keys, holder) => engine.limits.acquire(tx, keys, holder),
      holds: (holder) => engine.limits.holds(holder),
      freed: (holders) => engine.limits.freed(holders),
      news: () => engine.limits.news(),
    },
    clock,
    startedAtMs: clock.nowMs(),
  });
  const expressions = new JqExpressions();
  const triggers = new Triggers({ store, journal, expressions, clock, log, engine: () => engine });
  const engine: Engine = new Engine({
    store,
    journal,
    functions: [...languageCalls(calls), ...federatedFunctions(rounds)],
    expressions,
    secrets,
    payloads,
    limits: config.limits,
    clock,
    log,
    ...triggers.hooks,
  });
  const intake = new AnswerIntake({
    store,
    blobs,
    retention,
    journal,
    assignments,
    work: trainings,
    clock,
    maxSamples: async (assignment) => {
      const { dataset } = await trainings.get(assignment);
      return sites.maxRows(assignment.site, dataset, assignment.kind === "train" ? "trainRows" : "testRows");
    },
  });
  const operators = new Operators({ store, tokenKey, issuer: config.trustDomain, clock, log });
  const enrolment = new Enrolment({
    store,
    authority,
    tokenKey,
    revocations,
    hubAddresses: () => [publicAddress(config, "control")],
    clock,
    log,
    certificateLifetimeMs: config.certificateHours * 3_600_000,
  });
  const sessions = new SessionDesk({
    presence,
    sites,
    assignments,
    events: triggers.events,
    clock,
    log,
    hubVersion: comityVersion,
    heartbeatMs: config.heartbeatMs,
  });
  const identity = new HubIdentity(authority, config.names, clock, log);
  const webhook = config.webhook && {
    ...config.webhook.listen,
    listener: new WebhookListener({ ...config.webhook, secrets, events: triggers.events, clock, log }),
  };
  if (webhook !== undefined) identity.follow(webhook.listener.rotate);
  const startedAtMs = clock.nowMs();

  presence.onChange((site, change) => {
    const told =
      change === "left"
        ? sites.left(site).then(() => rounds.siteChanged(site, change))
        : rounds.siteChanged(site, change);
    told.catch((error: unknown) =>
      log.error({ site, err: error }, "a change of presence could not be recorded"),
    );
  });

  const { authorise } = new Authoriser({ operators, revocations, trustDomain: config.trustDomain, clock });
  const control = new RpcListener({ credentials: identity.control, authorise, log });
  const agents = new RpcListener({ credentials: identity.agents, authorise, log });
  const results = new Results(store, journal, (text) => engine.unpack(text));
  const resultsFunctions = resultsService({ results, models: new Models(store), blobs });
  const agentAddress = () => publicAddress(config, "agents");
  const enrollment = enrollmentService({ enrolment, attempts: new Attempts(clock), clock, agentAddress });
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
  control.add(
    ControlService,
    controlService({
      store,
      sites,
      enrolment,
      operators,
      engine,
      triggers,
      results,
      journal,
      clock,
      describeHub,
    }),
  );
  control.add(ResultsService, resultsFunctions);
  agents.add(AgentService, agentService({ store, blobs, intake, sessions }));
  agents.addSome(EnrollmentService, { Renew: enrollment.Renew });
  agents.add(ResultsService, resultsFunctions);
  const services = [EnrollmentService.name, ControlService.name, ResultsService.name];
  const health = addHealth(control, services);
  addReflection(control, [...services, "grpc.health.v1.Health"]);
  checkTable([...new Set([...control.methods, ...agents.methods])]);

  revocations.onRevoke((site) => {
    assignments
      .siteRevoked(site)
      .catch((error: unknown) => log.error({ site, err: error }, "open assignments could not be ended"));
    presence.get(site)?.close(siteRevoked(site));
    agents.endCalls((caller) => caller.kind === "agent" && caller.site === site, siteRevoked(site));
  });

  const stop = async () => {
    health.set(false);
    for (const session of presence.online) session.drain(1000, "The hub is stopping.");
    sessions.stop();
    identity.stop();
    await Promise.all([
      agents.stop({ graceMs: 5000 }),
      control.stop({ graceMs: 1000 }),
      webhook?.listener.stop(),
    ]);
    await triggers.stop();
    await engine.stop();
    await expressions.close();
    await retention.idle();
    await aggregator.close();
    await store.close();
  };
  let resumedRuns: number;
  try {
    await control.listen(config.control.host, config.control.port);
    await agents.listen(config.agents.host, config.agents.port);
    resumedRuns = await engine.resume();
    await triggers.open();
    await webhook?.listener.listen(webhook.host, webhook.port);
    health.set(true);
  } catch (error) {
    await stop();
    throw error;
  }
  let stopping: Promise<void> | undefined;
  return {
    controlAddress: publicAddress(config, "control"),
    agentAddress: agentAddress(),
    resumedRuns,
    ended: ended.promise,
    stop: () => (stopping ??= stop()),
  };
}
