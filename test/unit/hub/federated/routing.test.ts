import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { renderDryRun } from "#cli/render/workflow.js";
import { wishOf } from "#hub/federated/choose.js";
import { atSchema } from "#hub/routing/at.js";
import { chooseSites } from "#hub/routing/choose.js";
import { fittingSites } from "#hub/routing/select.js";
import type { Site } from "#hub/sites/model.js";
import { Sites } from "#hub/sites/service.js";
import { saveHello } from "#hub/store/sites.js";
import { systemClock } from "#kernel/clock.js";
import type { SiteId } from "#kernel/ids.js";
import { limits } from "#proto/codec/work.js";
import { kinds } from "#proto/work/index.js";
import type { Kind, Rows, WorkFacts } from "#proto/work/kind.js";
import { train } from "#proto/work/train.js";
import { workflowOf } from "../../../support/engines.js";
import { siteId, smallModel, steadyRoles, trainCall } from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts, type WorldHub } from "../../../support/federated-world.js";
import { pointsDataset } from "../../../support/memory-site.js";
import { evaluation, plainRule } from "../../../support/scripted-function.js";

const site = (name: string, changes: Partial<Site> = {}): Site => ({
  id: siteId(name),
  organisation: "acme",
  labels: {},
  datasets: [pointsDataset(40)],
  agentVersion: "0.2.0",
  capabilities: kinds.map(({ name: kind }) => kind),
  lastSeenMs: undefined,
  revokedAtMs: undefined,
  revokedReason: undefined,
  certificateExpiresAtMs: undefined,
  ...changes,
});

/** An agent of the first release. */
const older = { agentVersion: "0.1.0", capabilities: ["train", "evaluate"] };
const at = atSchema.parse({});
const dataset = { labels: { dataset: "points" } };
const rule = plainRule;

/** Work of a kind that no agent of this release has. */
const another = (facts: Partial<WorkFacts>, requires: readonly string[] = []): Kind => ({
  ...(train as Kind),
  name: "other",
  requires: () => requires,
  facts: () => ({ dataset, rows: "all", passes: 1, ...facts }),
});

/** Who fits a work, and why the others do not. */
function fit(work: Kind, body: unknown, sites: readonly Site[]) {
  const { fitting, rejected } = fittingSites(sites, wishOf({ work, body, rule }, at), () => true);
  const reasons = Object.fromEntries(rejected.map(({ site: id, reason }) => [id, reason]));
  return { fitting: fitting.map((one) => one.site.id as string), reasons };
}

describe("the sites that can do a kind of work", () => {
  it("are those whose agent says that it can; an older one is left out, and told that a newer one may", () => {
    const sites = [site("new", { capabilities: ["other"] }), site("old", older)];
    assert.deepEqual(fit(another({}), {}, sites), {
      fitting: ["acme/new"],
      reasons: { "acme/old": "its agent, release 0.1.0, cannot do other; a newer one may" },
    });
  });

  it("can do what its body needs besides: a way to train that the first release does not know", () => {
    const { layers } = evaluation("test", { sha256: "" as never, sizeBytes: 0 }).body;
    const body = train.body.parse({ dataset, layers, local: { prox: 0.1, steps: true }, seed: 1 });
    const needs = ["train:prox", "train:steps"];
    const sites = [site("new", { capabilities: ["train", ...needs] }), site("old", older)];
    assert.deepEqual(fit(train as Kind, body, sites), {
      fitting: ["acme/new"],
      reasons: { "acme/old": `its agent, release 0.1.0, cannot do ${needs.join(", ")}; a newer one may` },
    });
    assert.deepEqual(fit(another({}, ["one", "two"]), {}, [site("old", older)]).reasons, {
      "acme/old": "its agent, release 0.1.0, cannot do other, one, two; a newer one may",
    });
  });

  it("need no dataset for work that reads no rows, whatever that names", () => {
    const capabilities = ["other"];
    const sites = [
      site("bare", { capabilities, datasets: [] }),
      site("empty", { capabilities, datasets: [{ ...pointsDataset(0), testRows: 0 }] }),
      site("twice", { capabilities, datasets: [pointsDataset(1), { ...pointsDataset(2), name: "more" }] }),
    ];
    const all = ["acme/bare", "acme/empty", "acme/twice"];
    for (const facts of [{ dataset: undefined }, { dataset }]) {
      assert.deepEqual(fit(another({ ...facts, rows: "none" }), {}, sites), { fitting: all, reasons: {} });
    }
    assert.deepEqual(fit(another({ rows: "all" }), {}, sites), {
      fitting: [],
      reasons: {
        "acme/bare": "it has no dataset with dataset=points",
        "acme/empty": "its dataset has no rows",
        "acme/twice": "2 of its datasets match dataset=points; name one",
      },
    });
  });

  it("meet the rules of the task all the same where the work reads no rows", () => {
    const capabilities = ["other"];
    const sites = [
      site("a", { capabilities, datasets: [], labels: { region: "eu" } }),
      site("b", { capabilities, datasets: [] }),
      site("c", { capabilities, datasets: [], labels: { region: "eu" }, revokedAtMs: 1 }),
    ];
    const chosen = (given: object, online: (id: SiteId) => boolean = () => true) => {
      const work = another({ dataset: undefined, rows: "none" });
      return chooseSites(sites, wishOf({ work, body: {}, rule }, atSchema.parse(given)), online, 1);
    };
    assert.deepEqual(chosen({ select: { labels: { region: "eu" } } }), {
      chosen: ["acme/a"],
      rejected: [
        { site: "acme/b", reason: "it has no label region=eu" },
        { site: "acme/c", reason: "it is revoked" },
      ],
      away: [],
      passed: 0,
    });
    assert.deepEqual(chosen({ limit: 1 }).rejected.at(-1), {
      site: "acme/b",
      reason: "1 of 2 sites are taken and it is number 2",
    });
    // A rule over the dataset of work without one cannot be told.
    assert.match(
      chosen({ where: "site.dataset.trainRows > 1.0" }).rejected[0]?.reason ?? "",
      /cannot be told/,
    );
    const gone = chosen({}, (id) => id !== siteId("a"));
    assert.deepEqual([gone.chosen, gone.away], [["acme/b"], ["acme/a"]]);
  });
});

describe("what routing tells", function () {
  this.timeout(60_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  const told = async (hub: WorldHub, tasks: string) => {
    const steps = await hub.engine.dryRun({ workflow: { text: workflowOf(tasks) }, input: {} });
    return renderDryRun({
      steps: steps.map((step) => ({ ...step, sites: step.sites.map((one) => ({ ...one })) })),
    })
      .split("\n")
      .map((line) => line.trim().replaceAll(/ {2,}/g, " | "));
  };

  const query =
    'query: { call: "fed.query:1.0.0@default", with: { dataset: { labels: { dataset: points } }, statistics: [{ column: x, what: mean }] } }';

  it("tells in a dry run who would be asked, and of every other site by which rule it is not, an older agent too", async () => {
    await using world = await FederatedWorld.make(shared, steadyRoles);
    const hub = await (await world.hub()).open();
    await hub.store.write(({ db }) => saveHello(db, siteId("b"), older, 0));
    world.site("acme/c").disconnect();
    const lines = await told(hub, `  - ${query}\n`);
    assert.deepEqual(lines.slice(1, 5), [
      "query | fed.query:1.0.0@default | would go to 1 site",
      "acme/a | yes",
      "acme/b | no | its agent, release 0.1.0, cannot do query; a newer one may",
      "acme/c | no | it is not connected",
    ]);
    const train = await told(hub, `  - train: ${trainCall("points", "rounds: 1", smallModel)}\n`);
    assert.deepEqual(train.slice(1, 3), [
      "train | fed.train:1.0.0@default | would go to 2 sites",
      "acme/a | yes",
    ]);
    assert.equal(train[3], "acme/b | yes", "the first release can train");
  });

  it("tells in a dry run how many must be behind what is let out; a run of fewer comes to nothing, with the reason", async () => {
    await using world = await FederatedWorld.make(shared, steadyRoles.slice(0, 2), { minSites: 3 });
    const hub = await (await world.hub()).open();
    const tasks = `  - train: ${trainCall("points", "rounds: 1", smallModel)}\n`;
    assert.equal(
      (await told(hub, tasks))[1],
      "train | fed.train:1.0.0@default | would go to 2 sites, and lets nothing out unless 3 are behind it",
    );
    const run = await hub.until((await hub.start(workflowOf(tasks))).id);
    assert.deepEqual([run.state, run.errorCode], ["failed", "SITES_TOO_FEW"]);
    assert.match(run.errorText ?? "", /wants 3 sites behind whatever is let out, and 2 have answered/);
  });

  it("bounds the rows behind an answer by the catalogue, and by nothing where the work reads none", async () => {
    await using world = await FederatedWorld.make(shared, steadyRoles);
    const hub = await world.hub();
    const sites = new Sites(hub.store, hub.presence, systemClock);
    const most = (rows: Rows) => sites.maxRows(siteId("a"), dataset, rows);
    assert.deepEqual(await Promise.all([most("train"), most("test"), most("all")]), [40, 20, 60]);
    assert.equal(await most("none"), limits.samples);
  });

  it("tells in a dry run the refusal of a call with too few sites, as the run has it, with each site's reason", async () => {
    await using world = await FederatedWorld.make(shared, steadyRoles);
    const hub = await (await world.hub()).open();
    await hub.store.write(async ({ db }) => {
      for (const { site: id } of steadyRoles.slice(1)) await saveHello(db, id, older, 0);
    });
    const prox = trainCall("points", "rounds: 1, strategy: { name: fedprox, mu: 0.1 }", smallModel);
    const lines = await told(hub, `  - train: ${prox}\n`);
    assert.equal(
      lines[1],
      "train | fed.train:1.0.0@default | would be refused with SITES_TOO_FEW: 1 site, and 2 needed",
    );
    const run = await hub.until((await hub.start(workflowOf(`  - train: ${prox}\n`))).id);
    assert.equal(run.errorCode, "SITES_TOO_FEW");
    assert.match(
      run.errorText ?? "",
      /^Round 1 has 1 site and needs 2\. acme\/b: its agent, release 0\.1\.0, cannot do train:prox; a newer one may\. acme\/c: /,
    );
  });
});
