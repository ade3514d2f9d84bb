import { Authority } from "#certs/authority.js";
import { keyFromPem } from "#certs/keys.js";
import { systemClock } from "#kernel/clock.js";
import { writeFileAtomic } from "#kernel/files.js";
import { type Log, silentLog } from "#kernel/log.js";
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
import { type HubConfig, hubPaths, publicAddress, readHubConfig } from "./config.js";
import { createFolder, type HubWishes, readAuthority } from "./folder.js";
import { HubIdentity } from "./identity.js";
import { Models } from "./models/service.js";
import { Results } from "./results/service.js";
import { Aggregator } from "./rounds/aggregator.js";
import { Rounds } from "./rounds/service.js";
import { prepareTraining } from "./rounds/training.js";
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
import { runningRuns } from "./store/runs.js";
import { openSqlite } from "./store/sqlite.js";
import { Store } from "./store/store.js";
import { fedTrain } from "./workflow/definition.js";
import { RunEnding } from "./workflow/ending.js";
import { Engine } from "./workflow/engine.js";
import { RunJournal } from "./workflow/journal.js";

/** A hub that serves. */
export interface RunningHub {
  /** `host:port` as others reach it. */
  readonly controlAddress: string;
  readonly agentAddress: string;
  /** Runs that were taken up from before. */
  readonly resumedRuns: number;
  /** Drains: agents are told to come back later, uploads may finish; then everything is closed. */
  stop(): Promise<void>;
}

/** The operator profile that `initHub` writes: how the first admin reaches the hub. */
interface OperatorProfile {
  readonly address: string;
  readonly root: string;
  readonly token: string;
  readonly name: string;
}

/** Makes a hub in a new folder, with a first operator `admin` whose profile lies in `operator.json`. Throws `DIRECTORY_INVALID`. */
export async function initHub(
  dir: string,
  wishes: HubWishes,
): Promise<{ config: HubConfig; profilePath: string }> {
  const config = await createFolder(dir, wishes, systemClock.nowMs());
  return { config, profilePath: await writeAdminProfile(dir) };
}

/**
 * Gives the operator `admin` a new token and writes its profile to `operator.json` in the hub's folder; the old token counts no
 * more. For whoever has the folder: the way back in when every admin's token is lost. Throws `STORE_BUSY` while the hub runs.
 */
export async function writeAdminProfile(dir: string): Promise<string> {
  const config = await readHubConfig(dir);
  const paths = hubPaths(dir);
  const { material, signingKey } = await readAuthority(
    dir,
    config.trustDomain,
    systemClock.nowMs(),
    silentLog,
  );
  const store = new Store(await openSqlite(paths.database));
  try {
    const operators = new Operators({
      store,
      tokenKey: keyFromPem(signingKey, "DIRECTORY_INVALID"),
      issuer: config.trustDomain,
      clock: systemClock,
      log: silentLog,
    });
    const operator = await store.write((tx) =>
      operators.replace(tx, { name: "admin", role: "admin", ttlDays: 366 }),
    );
    const token = await operators.tokenOf(operator);
    const profile: OperatorProfile = {
      address: publicAddress(config, "control"),
      root: material.root,
      token,
      name: operator.name,
    };
    await writeFileAtomic(paths.profile, `${JSON.stringify(profile, null, 2)}\n`, 0o600);
  } finally {
    await store.close();
  }
  return paths.profile;
}

/** Starts the hub of a folder: takes up what was running, then serves both ports. This is the only place that constructs adapters. */
export async function startHub({
  dir,
  log,
}: {
  readonly dir: string;
  readonly log: Log;
}): Promise<RunningHub> {
  const clock = systemClock;
  const config = await readHubConfig(dir);
  const paths = hubPaths(dir);
  const { material, signingKey } = await readAuthority(dir, config.trustDomain, clock.nowMs(), log);
  const tokenKey = keyFromPem(signingKey, "DIRECTORY_INVALID");
  const authority = new Authority(material);
  const store = new Store(await openSqlite(paths.database), log);
  const blobs = await new FileBlobStore(paths.blobs).open();
  const retention = new Retention({ store, blobs, clock, log });
  await retention.sweep();
  const revocations = await Revocations.load(store.db, clock.nowMs());

  const presence = new Presence(clock);
  const sites = new Sites(store, presence, clock);
  const journal = new RunJournal(store, clock);
  const trainings = new Trainings(store);
  const assignments = new Assignments({ store, presence, journal, work: trainings, clock, log });
  const ending = new RunEnding(journal, assignments, clock);
  const aggregator = new Aggregator().warm();
  const rounds = new Rounds({
    store,
    blobs,
    retention,
    presence,
    journal,
    ending,
    assignments,
    trainings,
    aggregator,
    clock,
    startedAtMs: clock.nowMs(),
  });
  const engine = new Engine({
    store,
    journal,
    ending,
    clock,
    log,
    functions: {
      [fedTrain]: {
        check: (argument) => Promise.resolve(prepareTraining(argument)),
        drive: (run, signal) => rounds.drive(run, signal),
      },
    },
  });
  const intake = new AnswerIntake({
    store,
    blobs,
    retention,
    journal,
    assignments,
    work: trainings,
    clock,
    maxSamples: async ({ runId, site, kind }) =>
      sites.maxRows(
        site,
        (await trainings.get(runId)).plan.dataset,
        kind === "train" ? "trainRows" : "testRows",
      ),
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
    clock,
    log,
    hubVersion: comityVersion,
    heartbeatMs: config.heartbeatMs,
  });
  const identity = new HubIdentity(authority, config.names, clock, log);
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
  const results = new Results(store, journal);
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
    runsRunning: (await runningRuns(store.db)).length,
  });
  control.add(EnrollmentService, enrollment);
  control.add(
    ControlService,
    controlService({ store, sites, enrolment, operators, engine, results, journal, clock, describeHub }),
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
    await Promise.all([agents.stop({ graceMs: 5000 }), control.stop({ graceMs: 1000 })]);
    await engine.stop();
    await retention.idle();
    await aggregator.close();
    await store.close();
  };
  let resumedRuns: number;
  try {
    await control.listen(config.control.host, config.control.port);
    await agents.listen(config.agents.host, config.agents.port);
    resumedRuns = await engine.resume();
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
    stop: () => (stopping ??= stop()),
  };
}
