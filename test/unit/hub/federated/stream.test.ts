import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { fold, type Script, stream, take } from "#hub/federated/script.js";
import { deferred } from "#kernel/async.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import { workflowOf } from "../../../support/engines.js";
import { finished, siteId, steadyRoles } from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts, type WorldHub } from "../../../support/federated-world.js";
import type { SiteRole } from "../../../support/memory-site.js";
import {
  evaluation,
  largeLayers,
  madeModel,
  plainReport,
  scripted,
  smallLayers,
} from "../../../support/scripted-function.js";

interface State {
  readonly model: BlobRef;
  readonly cursor: number;
}

const rounds = 5;

/** Sites test models as they are free; each round has another model, and keeps none of before. */
const testing = (isLarge: boolean) => {
  const layers = isLarge ? largeLayers : smallLayers;
  const script: Script<unknown, State> = {
    revision: 1,
    *begin() {
      return { state: { model: yield* madeModel({ isLarge }), cursor: 0 } };
    },
    *round(_call, { model: base, cursor: after }, { position }) {
      yield* stream({ ...evaluation("tests", base), at: {}, concurrency: 3 });
      const got = yield* take({ name: "taken", stream: "tests", after, count: 2 });
      if (position === rounds) return { output: () => got.cursor > 0, round: plainReport };
      const options = { layers, seed: position + 1 } as unknown as Json;
      const { blobs } = yield* fold({ name: "next", folder: "model.initial", options, over: [] });
      const model = blobs["model"];
      assert.ok(model !== undefined);
      return { next: { model, cursor: got.cursor }, round: plainReport, offers: { tests: { base: model } } };
    },
  };
  return scripted("testing", script as Script);
};

describe("a stream that is under way", function () {
  this.timeout(60_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  /** The first of all that is given to a site is worked on until the others have come to round 4 and wait, too. */
  async function halfway(isLarge: boolean) {
    const reached = deferred();
    let isFree = false;
    const roles = steadyRoles.map(
      (role): SiteRole => ({
        ...role,
        deed: ({ assignment: { issued, site } }) => {
          if (isFree || (site !== siteId("c") && issued < 3)) return "answer";
          if (site !== siteId("c")) reached.resolve();
          return "hold";
        },
      }),
    );
    const world = await FederatedWorld.make(shared, roles, { functions: [testing(isLarge)] });
    const hub = await (await world.hub()).open();
    const run = await hub.start(workflowOf('  - go: { call: "test.testing:1.0.0@default", with: {} }\n'));
    await reached.promise;
    const free = async () => {
      isFree = true;
      for (const name of ["acme/c", "acme/a", "acme/b"]) await world.site(name).answerHeld();
    };
    return { world, hub, run, free };
  }

  for (const isLarge of [true, false]) {
    it(`has what a site may still fetch, also after a sweep: ${isLarge ? "in files" : "beside its rows"}`, async () => {
      const { world: made, hub, run, free } = await halfway(isLarge);
      await using world = made;
      await hub.retention.idle();
      await hub.retention.sweep();
      const [offer] = world.site("acme/c").offers;
      const base = offer?.assignment.part.inputs?.["base"];
      assert.ok(base !== undefined && offer?.assignment.issued === 0);
      // A model that nobody is given any more is gone: nothing is kept for ever.
      assert.ok((await modelsOf(hub)) <= 3, `${await modelsOf(hub)} models are kept`);
      await free();
      assert.equal(await hub.output(run.id), true);
      assert.ok(world.site("acme/c").computed.includes(offer.assignment.id), "it could not be fetched");
      await finished(world, run);
    });
  }

  it("goes on after a restart of the hub, whose sweep takes nothing that a site may still fetch", async () => {
    const { world: made, hub, run, free } = await halfway(true);
    await using world = made;
    await hub.stop();
    const next = await (await world.hub()).open();
    await free();
    assert.equal(await next.output(run.id), true);
    await finished(world, run, { swept: true });
  });

  it("holds nothing any more when its call is cancelled", async () => {
    const { world: made, hub, run } = await halfway(true);
    await using world = made;
    await hub.engine.cancel({ runId: run.id, by: "ada", reason: "" });
    assert.equal((await hub.until(run.id)).state, "cancelled");
    while ((await world.db.selectFrom("effects").selectAll().execute()).length > 0)
      await hub.retention.idle();
    await finished(world, run);
  });
});

/** How many blobs somebody still needs. */
async function modelsOf({ store }: WorldHub): Promise<number> {
  const rows = await store.db
    .selectFrom("blobs")
    .select("sha256")
    .where("released_at_ms", "is", null)
    .execute();
  return rows.length;
}
