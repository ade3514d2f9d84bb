import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kysely, sql } from "kysely";
import { AnswerIntake } from "#hub/assignments/intake.js";
import { CallNews } from "#hub/assignments/news.js";
import { Assignments } from "#hub/assignments/service.js";
import { Shapes } from "#hub/assignments/shapes.js";
import { BlobReader } from "#hub/blobs/reader.js";
import { Retention } from "#hub/blobs/retention.js";
import { type BlobStore, FileBlobStore } from "#hub/blobs/store.js";
import type { FederatedFunction } from "#hub/federated/function.js";
import { functions } from "#hub/federated/functions/index.js";
import { Federated } from "#hub/federated/service.js";
import { FoldPool } from "#hub/fold/pool.js";
import { SiteChooser } from "#hub/routing/chooser.js";
import { RunFeed } from "#hub/runs/feed.js";
import { Presence } from "#hub/sites/presence.js";
import { Sites } from "#hub/sites/service.js";
import { admitSite, saveInvitedSite } from "#hub/store/admission.js";
import { LocalNotifier } from "#hub/store/notifier.js";
import { Reach } from "#hub/store/reach.js";
import type { Schema } from "#hub/store/schema.js";
import { saveCatalogue, saveHello } from "#hub/store/sites.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { Store } from "#hub/store/store.js";
import { Limits } from "#hub/workflow/engine/limits.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import type { WorkflowFunction } from "#hub/workflow/function.js";
import { SchemaChecker } from "#hub/workflow/schema/checker.js";
import { type Clock, systemClock } from "#kernel/clock.js";
import type { RunId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { kinds } from "#proto/work/index.js";
import { newWorld, TestEngine, type World } from "./engines.js";
import { MemorySite, pointsDataset, type ReachableHub, type SiteRole } from "./memory-site.js";
import { type Death, MortalDatabase, type Watch } from "./mortal.js";

/** What is slow to make and remembers nothing: the worlds of a test file share it. */
export class SharedParts implements AsyncDisposable {
  readonly pool = new FoldPool();
  readonly chooser = new SiteChooser();
  readonly expressions = new JqExpressions();
  readonly schemas = new SchemaChecker();
  readonly #databases: Kysely<Schema>[] = [];
  #tables: readonly string[] | undefined;

  /** A database without rows. */
  async database(): Promise<Kysely<Schema>> {
    return this.#databases.pop() ?? (await openSqlite(":memory:")).db;
  }

  /** Takes a database back that nobody uses any more. */
  async empty(db: Kysely<Schema>): Promise<void> {
    this.#tables ??= await tablesOf(db);
    await sql`pragma foreign_keys = off`.execute(db);
    for (const table of this.#tables) await sql`delete from ${sql.table(table)}`.execute(db);
    await sql`pragma foreign_keys = on`.execute(db);
    this.#databases.push(db);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const parts = [this.pool, this.chooser, this.expressions, this.schemas];
    await Promise.all(parts.map((part) => part.close()));
    for (const db of this.#databases) await db.destroy();
  }
}

/** The hub's tables. */
async function tablesOf(db: Kysely<Schema>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables();
  return tables.map(({ name }) => name);
}

/** What a world has besides its sites. */
export interface WorldSettings {
  readonly clock?: Clock;
  readonly minSites?: number;
  /** Federated functions besides those of the release; one of the same name stands before the release's. */
  readonly functions?: readonly FederatedFunction[];
  readonly limits?: World["limits"];
  /** Waited for before a file goes. */
  readonly beforeRemoval?: () => Promise<void>;
  /** Sites are there before a hub goes on with what it finds: whom a stream asks next does not depend on who comes back first. */
  readonly sitesFirst?: boolean | undefined;
  /** Stands around what the engine calls. */
  readonly around?: (fn: WorkflowFunction) => WorkflowFunction;
}

/** What every site can do. */
const capabilities = [...kinds.map(({ name }) => name), "train:prox", "train:control", "train:steps"];

/** What outlasts every hub: a database, a folder of blobs, and sites. Hubs over it can be made, killed and made again. */
export class FederatedWorld implements AsyncDisposable {
  readonly db: Kysely<Schema>;
  readonly folder: string;
  readonly sites: readonly MemorySite[];
  readonly settings: WorldSettings;
  readonly shared: SharedParts;
  readonly world: World;
  /** Hints, as the database of several hubs has them: whoever takes an answer in, the driver hears of it. */
  readonly notifier = new LocalNotifier();
  readonly #hubs: WorldHub[] = [];

  private constructor(
    db: Kysely<Schema>,
    folder: string,
    shared: SharedParts,
    roles: readonly SiteRole[],
    settings: WorldSettings,
  ) {
    this.db = db;
    this.folder = folder;
    this.shared = shared;
    this.settings = settings;
    this.sites = roles.map((role) => new MemorySite(role));
    const { clock = systemClock, limits = [] } = settings;
    const { expressions, schemas } = shared;
    this.world = newWorld({ expressions, schemas, clock, limits });
  }

  /** An empty database that knows the sites. */
  static async make(
    shared: SharedParts,
    roles: readonly SiteRole[],
    settings: WorldSettings = {},
  ): Promise<FederatedWorld> {
    const db = await shared.database();
    const folder = await mkdtemp(join(tmpdir(), "comity-world-"));
    const world = new FederatedWorld(db, folder, shared, roles, settings);
    const store = new Store(new MortalDatabase(db).database);
    await store.write(async (tx) => {
      for (const { site, rows } of roles) {
        const hello = { agentVersion: "test", capabilities };
        await saveInvitedSite(tx.db, site, {}, 0);
        await admitSite(tx.db, site, hello.agentVersion);
        await saveHello(tx.db, site, hello, 0);
        await saveCatalogue(tx.db, site, [pointsDataset(rows)]);
      }
    });
    return world;
  }

  site(name: string): MemorySite {
    const found = this.sites.find(({ id }) => id === name);
    if (found === undefined) throw new Error(`there is no site ${name}`);
    return found;
  }

  /** A hub that begins to serve; it dies as told. `functions`: of its release, where they are not those of the world. */
  async hub({
    death,
    watch,
    functions = this.settings.functions ?? [],
  }: {
    readonly death?: Death | undefined;
    readonly watch?: Watch;
    readonly functions?: readonly FederatedFunction[];
  } = {}): Promise<WorldHub> {
    const files = await new FileBlobStore(this.folder).open();
    const hub = new WorldHub(
      this,
      areasOf(this, new MortalDatabase(this.db, death, watch), files, functions),
    );
    this.#hubs.push(hub);
    return hub;
  }

  /** What lies in the folder of blobs: digests, and what is on its way. */
  async files(): Promise<readonly string[]> {
    const [whole, incoming] = [await readdir(this.folder), await readdir(join(this.folder, "incoming"))];
    const folders = ["incoming", "quarantine"];
    return [
      ...whole.filter((name) => !folders.includes(name)),
      ...incoming.map((name) => `incoming/${name}`),
    ];
  }

  /** Settles when nothing of any hub is under way any more. */
  async stopHubs(): Promise<void> {
    for (const hub of this.#hubs.splice(0)) await hub.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopHubs();
    await this.shared.empty(this.db);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The parts of a hub that calls of federated functions need. */
function areasOf(
  { world, settings, shared, notifier }: FederatedWorld,
  mortal: MortalDatabase,
  files: FileBlobStore,
  more: readonly FederatedFunction[],
) {
  const { clock, limits: rules } = world;
  const { minSites = 1 } = settings;
  const known = [...more, ...functions.filter(({ name }) => !more.some((one) => one.name === name))];
  const log = silentLog;
  const store = new Store({ ...mortal.database, notifier, reach: new Reach(clock) }, log);
  const blobs = mortalBlobs(files, mortal, settings.beforeRemoval);
  const retention = new Retention({ store, blobs, clock, log });
  const presence = new Presence(clock, store.reach);
  const sites = new Sites(store, presence, clock);
  const feed = new RunFeed(store, clock);
  const news = new CallNews(store.notifier);
  const purposes = new Map(known.map(({ name, purpose }) => [name, purpose]));
  const assignments = new Assignments({ store, presence, feed, news, purposes, kinds, clock, log });
  const reader = new BlobReader(store, blobs);
  const limits = new Limits({ store, clock, rules });
  const shapes = new Shapes(store, kinds);
  const intake = new AnswerIntake({ store, blobs, retention, feed, assignments, shapes, news, sites, clock });
  const federated = new Federated({
    store,
    blobs,
    reader,
    retention,
    presence,
    feed,
    assignments,
    news,
    pool: shared.pool,
    chooser: shared.chooser,
    limits,
    functions: known,
    kinds,
    clock,
    minSites,
  });
  // What a dead hub would have told of it is lost.
  presence.onChange((site, change) => void federated.siteChanged(site, change).catch(() => undefined));
  return { mortal, store, retention, presence, feed, news, assignments, reader, limits, intake, federated };
}

/** A hub without sockets. */
export class WorldHub extends TestEngine implements ReachableHub {
  readonly mortal: MortalDatabase;
  readonly presence: Presence;
  readonly assignments: Assignments;
  readonly intake: AnswerIntake;
  readonly reader: BlobReader;
  readonly federated: Federated;
  readonly retention: Retention;
  readonly #sites: readonly MemorySite[];
  readonly #news: CallNews;
  readonly #sitesFirst: boolean;
  #stopping: Promise<void> | undefined;

  constructor(of: FederatedWorld, areas: ReturnType<typeof areasOf>) {
    const { store, feed, limits, federated } = areas;
    const { around = (fn: WorkflowFunction) => fn } = of.settings;
    super(store, of.world, { feed, limits, functions: federated.functions.map(around) });
    this.mortal = areas.mortal;
    this.presence = areas.presence;
    this.assignments = areas.assignments;
    this.intake = areas.intake;
    this.reader = areas.reader;
    this.federated = areas.federated;
    this.retention = areas.retention;
    this.#sites = of.sites;
    this.#news = areas.news;
    this.#sitesFirst = of.settings.sitesFirst ?? false;
  }

  /** Goes on with what it finds, and lets the sites come. */
  async open(sites: readonly MemorySite[] = this.#sites): Promise<this> {
    await this.retention.sweep();
    if (!this.#sitesFirst) await this.engine.resume();
    for (const site of sites) await site.connect(this);
    if (this.#sitesFirst) await this.engine.resume();
    return this;
  }

  /** Replays every run, and plays its calls again. */
  override async verifyAll(): Promise<void> {
    await super.verifyAll();
    for (const { run_id: runId } of await this.store.db.selectFrom("runs").select("run_id").execute())
      await this.federated.verify(runId as RunId);
  }

  /** Settles when nothing of it is under way any more: what it was doing stays as its rows say. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    await this.engine.stop().catch(() => undefined);
    for (const site of this.#sites) await site.settled();
    await this.retention.idle();
    this.#news.close();
  }
}

/** The blobs as a process sees them that dies with its database. */
function mortalBlobs(
  lasting: FileBlobStore,
  mortal: MortalDatabase,
  beforeRemoval: WorldSettings["beforeRemoval"],
): BlobStore {
  return new Proxy<BlobStore>(lasting, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const act = value.bind(target) as (...given: unknown[]) => unknown;
      if (name === "scratchPath") return act;
      return async (...given: unknown[]) => {
        if (mortal.dead) throw new Error("the hub is dead");
        if (name === "remove") await beforeRemoval?.();
        return act(...given);
      };
    },
  });
}
