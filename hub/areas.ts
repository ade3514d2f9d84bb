import type { KeyObject } from "node:crypto";
import type { Authority } from "#certs/authority.js";
import type { Clock } from "#kernel/clock.js";
import type { Log } from "#kernel/log.js";
import type { Kind } from "#proto/work/kind.js";
import { Operators } from "./access/operators.js";
import { AnswerIntake } from "./assignments/intake.js";
import { CallNews } from "./assignments/news.js";
import { Assignments } from "./assignments/service.js";
import { Shapes } from "./assignments/shapes.js";
import { SiteStates } from "./assignments/site-states.js";
import { BlobReader } from "./blobs/reader.js";
import { Retention } from "./blobs/retention.js";
import type { FileBlobStore } from "./blobs/store.js";
import { type HubConfig, publicAddress } from "./config.js";
import type { FederatedFunction } from "./federated/function.js";
import { Federated } from "./federated/service.js";
import { FoldPool } from "./fold/pool.js";
import { Models } from "./models/service.js";
import { Results } from "./results/service.js";
import { SiteChooser } from "./routing/chooser.js";
import { RunFeed } from "./runs/feed.js";
import { Enrolment } from "./sites/enrolment.js";
import { Presence } from "./sites/presence.js";
import { siteRevoked } from "./sites/renewal.js";
import { Revocations } from "./sites/revocations.js";
import { Sites } from "./sites/service.js";
import type { Store } from "./store/store.js";
import { languageCalls } from "./workflow/calls/calls.js";
import type { HttpClientSettings } from "./workflow/calls/client.js";
import { Limits } from "./workflow/engine/limits.js";
import type { Secrets } from "./workflow/engine/model.js";
import { filePayloads } from "./workflow/engine/payload-stores.js";
import { Engine } from "./workflow/engine/service.js";
import { Events } from "./workflow/events/service.js";
import { JqExpressions } from "./workflow/expression/service.js";
import { SchemaChecker } from "./workflow/schema/checker.js";

/** What the areas stand on. */
export interface Foundation {
  readonly config: HubConfig;
  readonly store: Store;
  readonly blobs: FileBlobStore;
  readonly authority: Authority;
  /** Signs the tokens of operators and the invitations of sites. */
  readonly tokenKey: KeyObject;
  readonly secrets: Secrets;
  /** What the calls of workflows may reach. */
  readonly calls: HttpClientSettings;
  /** What workflows may call of the sites, and the kinds of work that the sites do for it. */
  readonly functions: readonly FederatedFunction[];
  readonly kinds: readonly Kind[];
  readonly clock: Clock;
  readonly log: Log;
  /** The rows may be older than the blobs. */
  readonly acceptOlder?: boolean;
}

/** The areas of a hub, joined to each other. */
export type Areas = Awaited<ReturnType<typeof makeAreas>>;

/** Makes the areas of a hub, each of those that it leans on. Nothing of them begins by itself yet. */
export async function makeAreas(foundation: Foundation) {
  const { config, store, blobs, authority, tokenKey, secrets, calls, functions, kinds, clock, log } =
    foundation;
  const { acceptOlder = false } = foundation;
  const retention = new Retention({ store, blobs, clock, log });
  await retention.sweep({ keepsReleased: acceptOlder });
  const revocations = await Revocations.load(store.db, clock.nowMs());

  const presence = new Presence(clock, store.reach);
  const sites = new Sites(store, presence, clock);
  const feed = new RunFeed(store, clock);
  const payloads = filePayloads(blobs);
  const news = new CallNews(store.notifier);
  const purposes = new Map(functions.map(({ name, purpose }) => [name, purpose]));
  const assignments = new Assignments({ store, presence, feed, news, purposes, kinds, clock, log });
  const states = new SiteStates({ store, presence, clock });
  const reader = new BlobReader(store, blobs);
  const chooser = new SiteChooser();
  const pool = new FoldPool().warm();
  const limits = new Limits({ store, clock, rules: config.limits });
  const shapes = new Shapes(store, kinds);
  const intake = new AnswerIntake({ store, blobs, retention, feed, assignments, shapes, news, sites, clock });
  const federated = new Federated({
    store,
    blobs,
    reader,
    retention,
    presence,
    chooser,
    feed,
    assignments,
    news,
    pool,
    limits,
    functions,
    kinds,
    clock,
    minSites: config.minSites,
  });
  const expressions = new JqExpressions();
  const schemas = new SchemaChecker();
  const engine = new Engine({
    store,
    feed,
    functions: [...languageCalls(calls), ...federated.functions],
    expressions,
    schemas,
    secrets,
    payloads,
    limits,
    clock,
    log,
  });
  const events = new Events({ store, feed, expressions, engine, clock, log });
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
  const models = new Models(store);
  const results = new Results(store, feed, (text) => engine.unpack(text));

  presence.onChange((site, change) => {
    const told =
      change === "left"
        ? sites.left(site).then(() => federated.siteChanged(site, change))
        : federated.siteChanged(site, change);
    told.catch((error: unknown) =>
      log.error({ site, err: error }, "a change of presence could not be recorded"),
    );
  });
  feed.onEnd((runId, type) => {
    // One that has failed may be tried again, and goes on from what its sites have kept.
    if (type !== "run.completed") return;
    states
      .runEnded(runId)
      .catch((error: unknown) =>
        log.error({ runId, err: error }, "the sites could not be told of a run's end"),
      );
  });
  // Who was waited for meanwhile is to be looked at again.
  store.reach.onChange(() => news.tellAll());
  revocations.onRevoke((site) => {
    assignments
      .siteRevoked(site)
      .catch((error: unknown) => log.error({ site, err: error }, "open assignments could not be ended"));
    presence.get(site)?.close(siteRevoked(site));
  });

  return {
    revocations,
    presence,
    sites,
    feed,
    assignments,
    states,
    federated,
    engine,
    events,
    intake,
    reader,
    operators,
    enrolment,
    models,
    results,
    /** Ends what is under way; the rows stay open. */
    async stop() {
      await events.stop();
      await engine.stop();
      await expressions.close();
      await schemas.close();
      await retention.idle();
      news.close();
      await pool.close();
      await chooser.close();
    },
  };
}
