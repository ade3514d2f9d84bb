import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import type { Offer } from "#hub/assignments/offer.js";
import { ask, askAll, type Play, type Turn } from "#hub/federated/script.js";
import { sleep } from "#kernel/async.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import { workflowOf } from "../../../support/engines.js";
import {
  failingTraining,
  finished,
  playThrough,
  siteId,
  startCase,
  steadyRoles,
  trainCall,
} from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts, type WorldSettings } from "../../../support/federated-world.js";
import {
  evaluation,
  madeModel,
  plainReport,
  plainRule,
  scripted,
} from "../../../support/scripted-function.js";

const tasks = '  - one: { call: "test.one:1.0.0@default", with: {} }\n';
type Round = (model: BlobRef) => Play<Turn<unknown, Json>>;

/** A function of one round. */
const one = (round: Round) =>
  scripted<unknown>("one", {
    revision: 1,
    *begin() {
      return { state: yield* madeModel() };
    },
    round: (_call, state) => round(state as BlobRef),
  });

const over = { output: () => null, round: plainReport };

describe("what a federated call refuses", function () {
  this.timeout(60_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  /** Fails a call of one round; gives its error, and how many assignments there were. */
  async function failure(round: Round, settings: WorldSettings = {}) {
    await using world = await FederatedWorld.make(shared, steadyRoles, {
      ...settings,
      functions: [one(round)],
    });
    const { state } = await playThrough(world, { name: "one", tasks, roles: steadyRoles });
    const { error, position } = await world.db
      .selectFrom("calls")
      .select(["error", "position"])
      .executeTakeFirstOrThrow();
    const asked = await world.db.selectFrom("assignments").select("site").execute();
    const { code, text } = JSON.parse(error ?? "{}") as { readonly code?: string; readonly text?: string };
    assert.deepEqual([state, position], ["failed", 0]);
    return { code, text, asked: asked.length };
  }

  it("two asks of one name at the same time, before any site hears of it", async () => {
    const { code, text, asked } = await failure(function* (model) {
      yield* askAll([evaluation("same", model), evaluation("same", model)]);
      return over;
    });
    assert.deepEqual([code, asked], ["INTERNAL", 0]);
    assert.match(text ?? "", /the name same twice/);
  });

  for (const [what, name] of [
    ["with a slash", "evaluate/b"],
    ["that is too long", "x".repeat(61)],
  ] as const)
    it(`a name ${what}, which no site could say back`, async () => {
      const { code, asked } = await failure(function* (model) {
        yield* ask(evaluation(name, model));
        return over;
      });
      assert.deepEqual([code, asked], ["INTERNAL", 0]);
    });

  it("a figure that is too large for a number: it is no missing one", async () => {
    for (const figure of [Number.POSITIVE_INFINITY, Number.NaN]) {
      const { code, text } = await failure(function* () {
        return { ...over, round: { ...plainReport, figures: { loss: figure } } };
      });
      assert.equal(code, "FOLD_OVERFLOW");
      assert.match(text ?? "", /"loss"/);
    }
    const { code } = await failure(function* () {
      return { ...over, output: () => ({ sum: Number.NEGATIVE_INFINITY }) };
    });
    assert.equal(code, "FOLD_OVERFLOW");
  });

  it("a state of more than 64 KiB, to the byte", async () => {
    // With its two quotation marks.
    const stateOf = (bytes: number) => "x".repeat(bytes - 2);
    const { code, text } = await failure(function* () {
      return { next: stateOf(65_537), round: plainReport };
    });
    assert.equal(code, "STATE_TOO_LARGE");
    assert.match(text ?? "", /65537 bytes; 65536/);
    const enough = scripted<string>("one", {
      revision: 1,
      *begin() {
        return { state: stateOf(65_536) };
      },
      *round() {
        return over;
      },
    });
    await using world = await FederatedWorld.make(shared, [], { functions: [enough] });
    assert.equal((await playThrough(world, { name: "one", tasks, roles: [] })).state, "completed");
  });

  it("to ask fewer sites than must be behind the result", async () => {
    const rules = [{ ...plainRule, atLeast: 4 }, plainRule];
    for (const [at, rule] of rules.entries())
      for (const sites of [undefined, [siteId("a"), siteId("b")]]) {
        const to = sites === undefined ? { rule } : { rule, sites };
        const { code, text, asked } = await failure(
          function* (model) {
            yield* ask(evaluation("measure", model, to));
            return over;
          },
          { minSites: at === 0 ? 1 : 4 },
        );
        assert.deepEqual([code, asked], ["SITES_TOO_FEW", 0]);
        assert.match(text ?? "", /needs 4/);
      }
  });
});

describe("a call that waits or is tried again", function () {
  this.timeout(60_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  it("draws after a failure in its first round what it would have drawn without", async () => {
    const of = {
      ...failingTraining,
      roles: failingTraining.roles.map((role) => ({
        ...role,
        deed: ({ assignment: { effect, kind, site } }: Parameters<NonNullable<typeof role.deed>>[0]) =>
          effect === "e1" && kind === "train" && site === siteId("b")
            ? ({ fail: "It is broken.", retryable: false } as const)
            : ("answer" as const),
      })),
    };
    await using alone = await FederatedWorld.make(shared, steadyRoles);
    const undisturbed = await playThrough(alone, { ...of, roles: steadyRoles });
    await using world = await FederatedWorld.make(shared, of.roles);
    const hub = await (await world.hub()).open();
    const run = await startCase(hub, of);
    assert.equal((await hub.until(run.id)).state, "failed");
    await hub.engine.retry({ runId: run.id, by: "ada" });
    assert.equal((await hub.until(run.id)).state, "completed");
    const outcome = await finished(world, run);
    const digestOf = ({ output }: typeof outcome) =>
      (output as { readonly model: { readonly sha256: string } }).model.sha256;
    assert.equal(digestOf(outcome), digestOf(undisturbed));
  });

  it("for a place under a limit has written before what it has folded", async () => {
    const folding = one(function* () {
      const model = yield* madeModel();
      yield* ask(evaluation("measure", model));
      return over;
    });
    // The first call has the place for as long as this site is at work.
    const roles = steadyRoles.map((role) =>
      role.site === siteId("a")
        ? {
            ...role,
            deed: ({ assignment: { kind } }: Offer) => (kind === "train" ? "hold" : "answer"),
          }
        : role,
    );
    const limits = [{ site: siteId("a"), concurrency: 1 }];
    await using world = await FederatedWorld.make(shared, roles, { functions: [folding], limits });
    const hub = await (await world.hub()).open();
    const first = await hub.start(
      workflowOf(`  - train: ${trainCall("first", "rounds: 1, evaluation: none")}\n`),
    );
    while (world.site(siteId("a")).offers.length === 0) await sleep(1);
    const second = await startCase(hub, { tasks });
    const folds = () =>
      world.db.selectFrom("folds").select(["fold", "position"]).where("run_id", "=", second.id).execute();
    const endMs = performance.now() + 2_000;
    while ((await folds()).length < 2 && performance.now() < endMs) await sleep(5);
    assert.deepEqual(await folds(), [
      { fold: "initial", position: 0 },
      { fold: "initial", position: 1 },
    ]);
    assert.deepEqual(await world.db.selectFrom("stages").select("stage").execute(), [{ stage: "train" }]);
    await world.site(siteId("a")).answerHeld();
    for (const { id } of [first, second]) assert.equal((await hub.until(id)).state, "completed");
    await finished(world, second);
  });
});
