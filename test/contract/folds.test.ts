import assert from "node:assert/strict";
import { it } from "mocha";
import type { Folded } from "#hub/federated/round.js";
import { foldsOf, insertFold } from "#hub/store/folds.js";
import { hashBytes } from "#kernel/files.js";
import { insertNewRun } from "../support/rows.js";
import { onEachStore } from "../support/stores.js";

const folded = (name: string): Folded => ({
  is: "folded",
  blobs: { model: { sha256: hashBytes(name), sizeBytes: name.length } },
  figures: { loss: 0.1, tiny: 5e-324 },
  value: { name, places: [1, null, "x"] },
});

onEachStore("folds", (newPlace) => {
  it("are given back as they were written, by their names, those of one round of one call", async () => {
    const store = await (await newPlace())();
    const call = { runId: await insertNewRun(store), effect: "e1" } as const;
    const other = { ...call, effect: "e2" } as const;
    for (const [to, position, name] of [
      [call, 1, "model"],
      [call, 1, "sum.2"],
      [call, 2, "model"],
      [other, 1, "model"],
    ] as const)
      await insertFold(store.db, to, position, name, folded(`${to.effect} ${position} ${name}`));
    const found = await foldsOf(store.db, call, 1);
    assert.deepEqual(Object.fromEntries(found), {
      model: folded("e1 1 model"),
      "sum.2": folded("e1 1 sum.2"),
    });
    assert.deepEqual((await foldsOf(store.db, other, 1)).get("model"), folded("e2 1 model"));
    assert.deepEqual((await foldsOf(store.db, call, 3)).size, 0);
  });

  it("are written once: a second one of the name is refused, and the first stays", async () => {
    const store = await (await newPlace())();
    const call = { runId: await insertNewRun(store), effect: "e1" } as const;
    await insertFold(store.db, call, 1, "model", folded("first"));
    await assert.rejects(insertFold(store.db, call, 1, "model", folded("second")), /UNIQUE|unique|duplicate/);
    assert.deepEqual((await foldsOf(store.db, call, 1)).get("model"), folded("first"));
  });
});
