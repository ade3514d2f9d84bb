import { createHmac } from "node:crypto";
import { deferred } from "#kernel/async.js";
import { moveManyBytes } from "#kernel/buffers.js";
import { systemClock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { SiteId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { type DatasetSelector, drawCapability } from "#proto/codec/work.js";
import type { Catalogue } from "#proto/generated/comity/v1/Catalogue.js";
import { BlobCache } from "./assignments/cache.js";
import type { FoundDataset } from "./assignments/course.js";
import { Executor } from "./assignments/executor.js";
import { Journal } from "./assignments/journal.js";
import { Outbox } from "./assignments/outbox.js";
import { SiteStates } from "./assignments/states.js";
import { Workshop } from "./assignments/workshop.js";
import { agentPaths, readAgentConfig } from "./config.js";
import { type Dataset, openDatasets, select } from "./data/datasets.js";
import { SiteEvents } from "./events/service.js";
import { pauseSwitch } from "./policy/pause.js";
import { Connection } from "./session/connection.js";
import { Identity } from "./session/identity.js";
import { Renewal } from "./session/renewal.js";
import { createSteps } from "./steps/index.js";
import type { Step } from "./steps/step.js";

export { diagnose, diagnoseToken } from "./doctor/diagnose.js";
export type { Finding } from "./doctor/finding.js";
export { emitEvent } from "./events/emit.js";
export { type JoinedSite, type JoinOptions, join as joinHub } from "./session/join.js";

/** How long what is being sent may take when the agent stops. */
const stopGraceMs = 10_000;

/** The growth of an agent's heap between two collections: its model takes more memory than that in any case. */
const heapGrowthPercent = 300;

interface StartAgentOptions {
  /** The folder that `joinHub` has made. */
  readonly dir: string;
  readonly log: Log;
  /** Other steps than the agent's own, for benchmarks and tests. */
  readonly steps?: readonly Step[];
  /** Called once, with the first session. */
  readonly onReady?: () => void;
}

/** An agent that runs in this process. */
export interface RunningAgent {
  readonly site: SiteId;
  /** Resolves when it was stopped; rejects when the hub has refused it for good: `SITE_REVOKED`, `SESSION_REPLACED`, `PROTOCOL_UNSUPPORTED`, … */
  readonly ended: Promise<void>;
  /** Tells the hub, finishes uploads for up to 10 s, and closes. What is still owed stays in the journal. */
  stop(): Promise<void>;
}

/**
 * Starts the agent of a folder: takes up what its journal holds, and connects, also later when the hub is not there yet.
 * Throws `CONFIG_INVALID`, `DIRECTORY_INVALID`, `CERTIFICATE_INVALID`, `STORE_BUSY` (another agent runs there) or `STORE_DAMAGED`.
 */
export async function startAgent(options: StartAgentOptions): Promise<RunningAgent> {
  moveManyBytes(heapGrowthPercent);
  const { dir, log } = options;
  const paths = agentPaths(dir);
  const config = await readAgentConfig(
    dir,
    options.steps?.map(({ kind }) => kind.name),
  );
  const identity = await Identity.load(paths.identity, config);
  if (identity.site !== config.site) {
    throw new ComityError(
      "CONFIG_INVALID",
      `${paths.config} is of the site ${config.site}, its certificate of ${identity.site}.`,
      {
        hint: "Put the site of the certificate into agent.yaml, or join as the other site in a folder of its own.",
      },
    );
  }
  const journal = new Journal(paths.journal, systemClock);
  try {
    const datasets = openDatasets(config.datasets, dir);
    const released = datasets.filter(({ name }) => config.policy.datasets?.includes(name) ?? true);
    const catalogue = async () => await describeAll(released, log);
    // Counts the rows of every dataset now, before the hub waits for it.
    await catalogue();

    const outbox = new Outbox(paths.outbox);
    await outbox.prepare(journal.open().map((entry) => entry.offer.assignmentId));
    const cache = new BlobCache(paths.cache, config.cacheMegabytes * 1e6);
    await cache.prepare();
    const { minCell } = config.policy;
    const states = new SiteStates(journal.states, paths.states);
    await states.prepare();
    const own =
      options.steps === undefined
        ? createSteps({ datasets, backend: config.backend, minCell, log })
        : undefined;
    const steps = options.steps ?? own?.steps ?? [];
    const workshop = new Workshop({ site: config.site, minCell, outbox, states, dir: paths.work });
    await workshop.prepare();
    // Loads TensorFlow while the session comes about; a back end that is missing is told of before the first work.
    const stopped = new AbortController();
    own?.backend().catch((err: unknown) => {
      if (!stopped.signal.aborted) log.error({ err }, "no back end for training works here");
    });

    const events = new SiteEvents({
      dir,
      inbox: paths.events,
      site: config.site,
      watch: config.watch,
      journal: journal.events,
      send: (message) => connection.send(message),
      log,
    });
    await events.open();

    const connection: Connection = new Connection({
      open: async () => {
        if (identity.notAfterMs <= systemClock.nowMs()) await identity.renewExpired();
        return identity.agentChannel();
      },
      introduction: {
        capabilities: capabilitiesOf(steps),
        held: () => executor.held(),
        runs: () => journal.states.runs(),
        catalogue,
      },
      events: {
        offer: (offer) => executor.offer(offer),
        cancel: (id, reason) => executor.cancel(id, reason),
        runEnded: (runId) => {
          states.endRun(runId).catch((err: unknown) => log.warn({ runId, err }, "a state cannot be removed"));
        },
        eventReceipt: (receipt) => events.receipt(receipt),
      },
      onSession: (capabilities) => events.sessionOpened(capabilities),
      log,
    });
    const versionKey = journal.secret("data version");
    const executor: Executor = new Executor({
      journal,
      outbox,
      cache,
      steps,
      workshop,
      states,
      hub: connection,
      policy: config.policy,
      isPaused: pauseSwitch(dir, config.policy),
      findDataset: async (selector) => await findDataset(datasets, selector, versionKey),
      concurrency: config.concurrency,
      log,
    });
    const replace = async () => await connection.replace();
    const renewal = new Renewal({ identity, hub: connection, replace, clock: systemClock, log });
    executor.resume();

    connection.link(stopped.signal).then(
      () => options.onReady?.(),
      () => undefined,
    );
    const shutDown = async (): Promise<void> => {
      connection.send({ drain: { reason: "the agent is stopping" } });
      await events.close();
      await executor.stop(connection.isConnected ? stopGraceMs : 0);
      stopped.abort();
      await Promise.all([renewal.stop(), connection.close(), own?.close()]);
      journal.close();
    };
    return running(config.site, connection.ended, shutDown);
  } catch (error) {
    journal.close();
    throw error;
  }
}

/** Ends once, by `stop` or with the connection's refusal, and then has closed everything. */
function running(site: SiteId, refused: Promise<void>, shutDown: () => Promise<void>): RunningAgent {
  const ended = deferred();
  ended.promise.catch(() => undefined);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= shutDown());
  refused.then(
    () => close().then(ended.resolve, ended.reject),
    (error: unknown) => close().then(() => ended.reject(error), ended.reject),
  );
  return { site, ended: ended.promise, stop: close };
}

/** What the agent tells the hub that it can do. */
function capabilitiesOf(steps: readonly Step[]): string[] {
  return [...steps.flatMap(({ kind, capabilities = [] }) => [kind.name, ...capabilities]), drawCapability];
}

/** What the hub may know of the datasets; one that cannot be read is left out, and the site's log says why. */
async function describeAll(datasets: readonly Dataset[], log: Log): Promise<Catalogue> {
  const described = await Promise.all(
    datasets.map(async (dataset) => {
      try {
        const { columns, labels, ...rest } = await dataset.describe();
        return [{ ...rest, columns: [...columns], labels: { ...labels } }];
      } catch (thrown) {
        const { code, message, hint } = ComityError.from(thrown);
        log.warn(
          { dataset: dataset.name, code, hint },
          `the dataset cannot be read and is left out: ${message}`,
        );
        return [];
      }
    }),
  );
  return { datasets: described.flat() };
}

async function findDataset(
  datasets: readonly Dataset[],
  selector: DatasetSelector,
  versionKey: Buffer,
): Promise<FoundDataset> {
  const dataset = select(datasets, selector);
  const { train, test } = await dataset.counts();
  const version = async () =>
    // Keyed: what the connector says of the rows, such as the size of their file, is not for the hub.
    createHmac("sha256", versionKey)
      .update(JSON.stringify([dataset.name, await dataset.version()]))
      .digest("hex");
  return { name: dataset.name, trainRows: train, testRows: test, version };
}
