import assert from "node:assert/strict";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, it } from "mocha";
import { TileBoard } from "#hub/fold/tile-board.js";

describe("a board of tiles", () => {
  const fail = () => assert.fail();

  /** A thread that makes tiles: tile number n is n + 1 bytes of n. */
  function startMaker(board: TileBoard): Worker {
    const code = `
      const { workerData } = require("node:worker_threads");
      import(workerData.module).then(({ TileBoard }) => {
        new TileBoard(workerData.memory).work({ tiles: 200, tile: (index) => new Uint8Array(index + 1).fill(index) });
      });`;
    const module = new URL("../../../../hub/fold/tile-board.js", import.meta.url).href;
    return new Worker(code, { eval: true, workerData: { module, memory: board.memory } });
  }

  it("has every tile used in order, whoever makes it", async () => {
    const board = new TileBoard();
    const makers = [startMaker(board), startMaker(board)];
    await Promise.all(makers.map((maker) => once(maker, "online")));
    const used: number[] = [];
    const complete = board.work(
      { tiles: 200, tile: (index) => new Uint8Array(index + 1).fill(index) },
      (tile) => {
        assert.ok(tile.every((byte) => byte === tile.length - 1));
        used.push(tile.length - 1);
      },
    );
    await Promise.all(makers.map((maker) => once(maker, "exit")));
    assert.equal(complete, true);
    assert.deepEqual(used, [...Array(200).keys()]);
  });

  it("is done at once without tiles, and by one thread alone", () => {
    const board = new TileBoard();
    assert.equal(board.work({ tiles: 0, tile: fail }, fail), true);
    const used: number[] = [];
    assert.equal(
      board.work({ tiles: 20, tile: (index) => Uint8Array.of(index) }, (tile) => used.push(...tile)),
      true,
    );
    assert.deepEqual(used, [...Array(20).keys()]);
  });

  it("lets a maker go when the work is stopped", async () => {
    const board = new TileBoard();
    const maker = startMaker(board);
    await once(maker, "online");
    board.stop();
    await once(maker, "exit");
    assert.equal(board.work({ tiles: 200, tile: fail }, fail), false);
    board.clear();
    assert.equal(
      board.work({ tiles: 1, tile: () => Uint8Array.of(1) }, () => undefined),
      true,
    );
  });
});
