import assert from "node:assert/strict";
import { it } from "mocha";
import { checkHeader } from "#hub/assignments/answer.js";
import { Shapes } from "#hub/assignments/shapes.js";
import { layersOf } from "#hub/federated/plan.js";
import { insertStage } from "#hub/store/stages.js";
import type { Store } from "#hub/store/store.js";
import { hashBytes } from "#kernel/files.js";
import { parseSiteId } from "#kernel/ids.js";
import type { JsonObject } from "#kernel/json.js";
import type { CallRef } from "#kernel/refs.js";
import { kinds } from "#proto/work/index.js";
import { insertNewRun } from "../support/rows.js";
import { assignmentOf, headerTo, newStage } from "../support/stages.js";
import { onEachStore } from "../support/stores.js";

const [a, b] = [parseSiteId("acme/a"), parseSiteId("acme/b")];
const layers = (hidden: number) => layersOf({ name: "mlp", input: [4], classes: 2, hidden: [hidden] });
const dataset = { labels: { dataset: "points" } };
const training = (hidden: number) => ({ dataset, layers: layers(hidden), local: {}, seed: 1 });
const work = { kind: "train", ...training(3) } as unknown as JsonObject;

onEachStore("the shapes of answers", (newPlace) => {
  const given = (what: string, test: (store: Store, call: CallRef) => Promise<void>) =>
    it(what, async () => {
      const store = await (await newPlace())();
      await test(store, { runId: await insertNewRun(store, a, b), effect: "e1" });
    });
  const open = (store: Store, call: CallRef, changes: Parameters<typeof newStage>[1] = {}) => {
    const stage = newStage(call, { work, ...changes });
    return store.write(({ db }) => insertStage(db, stage)).then(() => stage);
  };
  const sizes = async (shapes: Shapes, assignment: Parameters<Shapes["get"]>[0]) =>
    (await shapes.get(assignment)).shape.tensors?.map(({ shape }) => shape.join("x"));

  given("are made of the kind of work and of the body that the stage was asked with", async (store, call) => {
    const shapes = new Shapes(store, kinds);
    const stage = await open(store, call);
    const test = await open(store, call, {
      stage: "test",
      kind: "evaluate",
      work: {
        kind: "evaluate",
        dataset,
        layers: layers(3),
        loss: "meanSquaredError",
      } as unknown as JsonObject,
    });
    assert.deepEqual(await sizes(shapes, assignmentOf(stage, a)), ["4x3", "3", "3x2", "2"]);
    const { kind, body, shape } = await shapes.get(assignmentOf(test, a));
    assert.equal(kind.name, "evaluate");
    assert.deepEqual((body as { dataset: unknown }).dataset, dataset);
    assert.deepEqual([shape.tensors, shape.value, shape.counted], [undefined, undefined, true]);
  });

  given("of a site with a body of its own are of that, and those of the others stay", async (store, call) => {
    const shapes = new Shapes(store, kinds);
    const stage = await open(store, call);
    const own = assignmentOf(stage, b, { part: { body: { layers: layers(5) } as unknown as JsonObject } });
    // Whoever is asked for first: nobody is given what another was asked for.
    assert.deepEqual(await sizes(shapes, own), ["4x5", "5", "5x2", "2"]);
    assert.deepEqual(await sizes(shapes, assignmentOf(stage, a)), ["4x3", "3", "3x2", "2"]);
    assert.deepEqual(await sizes(shapes, own), ["4x5", "5", "5x2", "2"]);
    const base = { sha256: hashBytes("base"), sizeBytes: 4 };
    const inputs = assignmentOf(stage, a, { part: { inputs: { base } } });
    assert.equal(
      await shapes.get(inputs),
      await shapes.get(assignmentOf(stage, a)),
      "inputs change no shape",
    );
  });

  given("refuse the answer of a site that is not of its own body", async (store, call) => {
    const shapes = new Shapes(store, kinds);
    const stage = await open(store, call);
    const own = assignmentOf(stage, b, { part: { body: { layers: layers(5) } as unknown as JsonObject } });
    const shaped = await shapes.get(own);
    const tensorsOf = (hidden: number) =>
      [[4, hidden], [hidden], [hidden, 2], [2]].map((shape, at) => ({
        name: shaped.shape.tensors?.[at]?.name ?? "",
        dtype: "F32",
        shape,
      }));
    const header = (hidden: number) =>
      headerTo(own.id, {
        update: { sha256: hashBytes("u"), sizeBytes: 4 * (4 * hidden + hidden + 2 * hidden + 2) + 400 },
        tensors: tensorsOf(hidden),
      });
    checkHeader(header(5), own, shaped, 100);
    assert.throws(() => checkHeader(header(3), own, shaped, 100), { code: "UPDATE_SCHEMA_WRONG" });
  });

  given(
    "are derived once for a stage, which never changes, and anew after many others",
    async (store, call) => {
      const shapes = new Shapes(store, kinds);
      const stage = await open(store, call);
      const [first, second] = await Promise.all([
        shapes.get(assignmentOf(stage, a)),
        shapes.get(assignmentOf(stage, b)),
      ]);
      assert.equal(first, second);
      await store.db.deleteFrom("stages").execute();
      assert.equal(await shapes.get(assignmentOf(stage, a)), first);
      const others = Array.from({ length: 256 }, (_, at) => newStage(call, { work, stage: `other.${at}` }));
      await store.write(async ({ db }) => {
        for (const one of others) await insertStage(db, one);
      });
      for (const one of others) await shapes.get(assignmentOf(one, a));
      await assert.rejects(shapes.get(assignmentOf(stage, a)), { code: "TASK_NOT_FOUND" });
    },
  );

  given(
    "that could not be derived are tried again: a fault of the moment does not stand",
    async (store, call) => {
      const shapes = new Shapes(store, kinds);
      const asked = assignmentOf(newStage(call, { work }), a);
      await assert.rejects(shapes.get(asked), { code: "TASK_NOT_FOUND", message: /no stage train/ });
      await open(store, call);
      assert.equal((await shapes.get(asked)).kind.name, "train");
      const stage = await open(store, call, { stage: "new", kind: "dream", work: { kind: "dream" } });
      await assert.rejects(shapes.get(assignmentOf(stage, a)), {
        code: "WORK_UNSUPPORTED",
        message: /does not know work of kind dream/,
      });
      const wrong = assignmentOf(newStage(call), b, { part: { body: { seed: "no number" } } });
      await assert.rejects(shapes.get(wrong), { code: "INTERNAL" });
    },
  );
});
