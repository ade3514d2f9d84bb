import { Authority } from "#certs/authority.js";
import { keyFromPem } from "#certs/keys.js";
import { deferred } from "#kernel/async.js";
import { moveManyBytes } from "#kernel/buffers.js";
import { systemClock } from "#kernel/clock.js";
import type { Log } from "#kernel/log.js";
import { RpcListener } from "#proto/rpc/listener.js";
import { kinds as ownKinds } from "#proto/work/index.js";
import type { Kind } from "#proto/work/kind.js";
import { Authoriser } from "./access/authoriser.js";
import { type Foundation, makeAreas } from "./areas.js";
import { FileBlobStore } from "./blobs/store.js";
import { hubPaths, publicAddress, readHubConfig } from "./config.js";
import { openHubStore } from "./database.js";
import type { FederatedFunction } from "./federated/function.js";
import { functions as ownFunctions } from "./federated/functions/index.js";
import { readAuthority } from "./folder.js";
import { WebhookListener } from "./http/webhook.js";
import { HubIdentity } from "./identity.js";
import { addServices } from "./services.js";
import { siteRevoked } from "./sites/renewal.js";
import { callSettings } from "./workflow/calls/settings.js";
import { readSecrets } from "./workflow/secrets.js";

/** The growth of the hub's heap between two collections: it promises little memory, whatever the number of sites. */
const heapGrowthPercent = 100;

/** A hub that serves. */
export interface RunningHub {
  /** `host:port` as others reach it. */
  readonly controlAddress: string;
  readonly agentAddress: string;
  /** Runs that were taken up from before. */
  readonly resumedRuns: number;
  /** Rejects when the hub can serve no longer: another one has its database, or it was replaced. It is to be stopped then. */
  readonly ended: Promise<void>;
  /** Drains: agents are told to come back later, uploads may finish; then everything is closed. */
  stop(): Promise<void>;
}

/** Starts the hub of a folder: takes up what was running, then serves both ports. This is the only place that constructs adapters. */
export async function startHub({
  dir,
  log,
  acceptOlder = false,
  functions = ownFunctions,
  kinds = ownKinds,
}: {
  readonly dir: string;
  readonly log: Log;
  /** The database may be older than the folder: what is missing is known, and the runs that have lost something are marked. */
  readonly acceptOlder?: boolean;
  /** Other functions and kinds of work than the hub's own, for benchmarks and tests. */
  readonly functions?: readonly FederatedFunction[];
  readonly kinds?: readonly Kind[];
}): Promise<RunningHub> {
  moveManyBytes(heapGrowthPercent);
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
  const store = await openHubStore({
    dir,
    database: config.database,
    acceptOlder,
    clock,
    log,
    onLost: ended.reject,
  });
  const blobs = await new FileBlobStore(paths.blobs).open();
  const given = { config, secrets, calls, functions, kinds };
  const foundation: Foundation = { ...given, store, blobs, authority, tokenKey, clock, log, acceptOlder };
  const areas = await makeAreas(foundation);
  const { engine, events, operators, revocations } = areas;

  const identity = new HubIdentity(authority, config.names, clock, log);
  const webhook = config.webhook && {
    ...config.webhook.listen,
    listener: new WebhookListener({ ...config.webhook, secrets, events: events.incoming, clock, log }),
  };
  if (webhook !== undefined) identity.follow(webhook.listener.rotate);
  const { authorise } = new Authoriser({ operators, revocations, trustDomain: config.trustDomain, clock });
  const control = new RpcListener({ credentials: identity.control, authorise, log });
  const agents = new RpcListener({ credentials: identity.agents, authorise, log });
  const services = addServices({ control, agents }, areas, foundation);
  revocations.onRevoke((site) => {
    agents.endCalls((caller) => caller.kind === "agent" && caller.site === site, siteRevoked(site));
  });

  const stop = async () => {
    services.drain();
    identity.stop();
    await Promise.all([
      agents.stop({ graceMs: 5000 }),
      control.stop({ graceMs: 1000 }),
      webhook?.listener.stop(),
    ]);
    try {
      await areas.stop();
    } finally {
      await store.close();
    }
  };
  let resumedRuns: number;
  try {
    await control.listen(config.control.host, config.control.port);
    await agents.listen(config.agents.host, config.agents.port);
    await areas.federated.adopt((text) => engine.unpack(text));
    resumedRuns = await engine.resume();
    await events.open();
    await webhook?.listener.listen(webhook.host, webhook.port);
    services.open();
  } catch (error) {
    await stop();
    throw error;
  }
  let stopping: Promise<void> | undefined;
  return {
    controlAddress: publicAddress(config, "control"),
    agentAddress: publicAddress(config, "agents"),
    resumedRuns,
    ended: ended.promise,
    stop: () => (stopping ??= stop()),
  };
}
