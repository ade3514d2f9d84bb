import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import type { FederatedFunction } from "#hub/federated/function.js";
import { ask, fold, type Script } from "#hub/federated/script.js";
import type { Run } from "#hub/runs/model.js";
import { deferred, sleep } from "#kernel/async.js";
import type { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import { workflowOf } from "../../../support/engines.js";
import { siteId, steadyRoles } from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts } from "../../../support/federated-world.js";
import {
  evaluation,
  largeLayers,
  madeModel,
  plainReport,
  scripted,
} from "../../../support/scripted-function.js";

/** What the first revision keeps, and the second, which counts under another name. */
interface First {
  readonly model: BlobRef;
  readonly n: number;
}
interface Second {
  readonly model: BlobRef;
  readonly count: number;
}

const rounds = 3;
const to = [siteId("a")];

const first: Script<unknown, First> = {
  revision: 1,
  *begin() {
    return { state: { model: yield* madeModel(), n: 0 } };
  },
  *round(_call, { model, n }) {
    yield* ask(evaluation("old", model, { sites: to }));
    if (n + 1 === rounds) return { output: () => `${n + 1} by the first`, round: plainReport };
    return { next: { model, n: n + 1 }, round: plainReport };
  },
};

const second: Script<unknown, Second> = {
  revision: 2,
  *begin() {
    return { state: { model: yield* madeModel(), count: 0 } };
  },
  *round(_call, { model, count }) {
    yield* ask(evaluation("new", model, { sites: to }));
    if (count + 1 === rounds) return { output: () => `${count + 1} by the second`, round: plainReport };
    return { next: { model, count: count + 1 }, round: plainReport };
  },
  upgrade: (old: Json) => {
    const { model, n } = old as unknown as First;
    return { model, count: n };
  },
};

const older = scripted("upgraded", first as Script);
const newer = scripted("upgraded", second as Script, first as Script);
const newest = scripted("upgraded", second as Script);

describe("a run that is verified", function () {
  this.timeout(60_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  /** A world whose hubs have one function, each its own version of it, and sites that answer until `stop`. */
  async function world(holdFrom: number) {
    const held = deferred();
    let isFree = false;
    const roles = steadyRoles.map((role) => ({
      ...role,
      deed: ({ assignment: { position } }: { readonly assignment: { readonly position: number } }) => {
        if (isFree || position < holdFrom) return "answer" as const;
        held.resolve();
        return "hold" as const;
      },
    }));
    const made = await FederatedWorld.make(shared, roles);
    const hub = async (fn: FederatedFunction) => (await made.hub({ functions: [fn] })).open();
    const free = () => (isFree = true);
    return { made, hub, held: held.promise, free };
  }

  /** A call whose round `at` the first revision has begun, and the second one has gone on from. */
  async function upgradedIn(at: number) {
    const { made, hub, held, free } = await world(at);
    const before = await hub(older);
    const run = await before.start(workflowOf(`  - go: { call: "${older.name}", with: {} }\n`));
    await held;
    await before.stop();
    free();
    const then = await hub(newer);
    for (const site of made.sites) await site.answerHeld();
    assert.equal(await then.output(run.id), at < rounds ? "3 by the second" : "3 by the first");
    return { made, hub, run, then };
  }

  const revisionsOf = async ({ db }: FederatedWorld, { id }: Run) => {
    const rows = await db
      .selectFrom("rounds")
      .select(["position", "revision"])
      .where("run_id", "=", id)
      .orderBy("round")
      .execute();
    return rows.map(({ revision }) => revision);
  };

  it("is played round by round by the revision that made each: a call goes on by a newer one only between rounds", async () => {
    const { made, run, then } = await upgradedIn(2);
    await using _ = made;
    assert.deepEqual(await revisionsOf(made, run), [1, 1, 2]);
    assert.equal(await then.federated.verify(run.id), 3);
  });

  it("goes with its beginning in its first round, whichever newer revision is there by then", async () => {
    const { made, run, then } = await upgradedIn(1);
    await using _ = made;
    assert.deepEqual(await revisionsOf(made, run), [1, 2, 2]);
    assert.equal(await then.federated.verify(run.id), 3);
  });

  it("says which round cannot be played any more, when its revision is gone", async () => {
    const { made, hub, run, then } = await upgradedIn(2);
    await using _ = made;
    await then.stop();
    const last = await hub(newest);
    await assert.rejects(last.federated.verify(run.id), (error: ComityError) => {
      assert.equal(error.code, "SCRIPT_RETIRED");
      assert.match(
        error.message,
        /^The beginning of the call e1 of test\.upgraded:1\.0\.0@default cannot be played again: revision 1 of its script made it, and /,
      );
      assert.match(error.hint ?? "", /the release that made it/);
      return true;
    });
  });

  it("is damaged when a round does not go to its end by the revision that its row names", async () => {
    const { made, run, then } = await upgradedIn(2);
    await using _ = made;
    const setRevision = (revision: number) =>
      made.db.updateTable("rounds").set({ revision }).where("position", "=", 3).execute();
    await setRevision(1);
    await assert.rejects(then.federated.verify(run.id), {
      code: "JOURNAL_DAMAGED",
      message: /^The call e1 of .*: Round 3 does not go to its end\.$/,
    });
    await setRevision(7);
    await assert.rejects(then.federated.verify(run.id), {
      code: "SCRIPT_RETIRED",
      message: /^Round 3 of the call e1 .* revision 7 /,
    });
    await setRevision(2);
    await made.db.deleteFrom("stages").where("position", "=", 2).execute();
    await assert.rejects(then.federated.verify(run.id), { code: "JOURNAL_DAMAGED", message: /Round 2/ });
  });

  it("has ended a round by the revision that began it, also where only a fold of it was written", async () => {
    const large = (revision: number): Script<unknown, number> => ({
      revision,
      *begin() {
        return { state: 0 };
      },
      *round(_call, state) {
        if (state === 0) return { next: 1, round: plainReport };
        // What is large is written alone, before the next one may begin.
        const options = { layers: largeLayers, seed: revision } as unknown as Json;
        const how = { folder: "model.initial", options, over: [] };
        yield* fold({ ...how, name: "one" });
        yield* fold({ ...how, name: "two" });
        return { output: () => revision, round: plainReport };
      },
      upgrade: (old) => old as number,
    });
    const [one, two] = [large(1) as Script, large(2) as Script];
    await using made = await FederatedWorld.make(shared, []);
    const before = await made.hub({
      functions: [scripted("large", one)],
      watch: {
        async after() {
          const written = await made.db
            .selectFrom("folds")
            .where("position", "=", 2)
            .select("fold")
            .execute();
          if (written.length > 0) before.mortal.dead = true;
        },
      },
    });
    await before.open();
    const run = await before.start(workflowOf('  - go: { call: "test.large:1.0.0@default", with: {} }\n'));
    while (!before.mortal.dead) await sleep(2);
    await before.stop();
    const then = await (await made.hub({ functions: [scripted("large", two, one)] })).open();
    assert.equal(await then.output(run.id), 1);
    assert.equal(await then.federated.verify(run.id), 2);
  });
});
