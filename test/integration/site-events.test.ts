import assert from "node:assert/strict";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { parse, stringify } from "yaml";
import { hashBytes } from "#kernel/files.js";
import { silentLog } from "#kernel/log.js";
import { emitEvent, joinHub, type RunningAgent, startAgent } from "#node-agent/main.js";
import { temporaryFolders } from "../support/folders.js";
import { startTestHub, type TestHub } from "../support/hub.js";

const workflow = (until: number) =>
  JSON.stringify({
    document: { dsl: "1.0.3", namespace: "default", name: "hear", version: "1.0.0" },
    do: [
      {
        hear: {
          listen: {
            to: { any: [{ with: { type: "ready" } }], until: `length >= ${until}` },
            read: "envelope",
          },
        },
      },
    ],
  });

interface Heard {
  readonly id: string;
  readonly source: string;
  readonly subject?: string;
  readonly data?: unknown;
}

describe("events of a site", () => {
  const folder = temporaryFolders();

  async function joined(hub: TestHub): Promise<string> {
    const dir = join(await folder(), "agent");
    const { token } = await hub.admin.inviteSite({ site: "acme/berlin" });
    await joinHub({ token, dir });
    return dir;
  }

  const started = (dir: string): Promise<RunningAgent> => startAgent({ dir, log: silentLog, steps: [] });

  /** The events that the run has heard when it is over; the hub is stopped then. */
  async function heard(hub: TestHub, runId: string): Promise<Heard[]> {
    for await (const { runId: of } of hub.admin.watchRun(runId)) assert.equal(of, runId);
    await hub.stop();
    const [row] = hub.rows(`select output from runs where run_id = '${runId}'`);
    return (JSON.parse(String(row?.["output"])) as { value: Heard[] }).value;
  }

  it("reach the runs that listen: left before the agent ran, while it ran, without an id, and again", async () => {
    await using hub = await startTestHub();
    const dir = await joined(hub);
    const { runId } = await hub.admin.startRun({ workflowSource: workflow(4) });
    const first = await emitEvent(dir, { type: "ready", data: 1 });
    const agent = await started(dir);
    try {
      await emitEvent(dir, { type: "ready", id: "second", source: "/lab/3", data: 2 });
      // The same event once more, and one of another type: neither counts.
      await emitEvent(dir, { type: "ready", id: "second", source: "/lab/3", data: 2 });
      await emitEvent(dir, { type: "other", source: "//acme/paris" });
      const events = join(dir, "events");
      await writeFile(join(events, "x.tmp"), '{"type":"ready","data":3}');
      await rename(join(events, "x.tmp"), join(events, "x.json"));
      await emitEvent(dir, { type: "ready", data: 4 });
      const all = await heard(hub, runId);
      assert.deepEqual(new Set(all.map(({ data }) => data)), new Set([1, 2, 3, 4]));
      assert.equal(all.find(({ data }) => data === 1)?.id, first.id);
      assert.equal(all.find(({ data }) => data === 2)?.source, "//acme/berlin/lab/3");
      assert.equal(all.find(({ data }) => data === 3)?.source, "//acme/berlin");
      assert.equal(hub.faults.length, 0);
    } finally {
      await agent.stop();
    }
  });

  it("wait in the journal while the hub is away", async () => {
    await using hub = await startTestHub();
    const dir = await joined(hub);
    const { runId } = await hub.admin.startRun({ workflowSource: workflow(2) });
    await hub.stop();
    const agent = await started(dir);
    try {
      for (const data of [1, 2]) await emitEvent(dir, { type: "ready", data });
      await emptied(join(dir, "events"));
      await hub.start();
      assert.equal((await heard(hub, runId)).length, 2);
    } finally {
      await agent.stop();
    }
  });

  it("a bad file is put aside with its reason; a new file of a watched folder is told of once", async () => {
    await using hub = await startTestHub();
    const dir = await joined(hub);
    const path = join(dir, "agent.yaml");
    const config = parse(await readFile(path, "utf8")) as object;
    await writeFile(path, stringify({ ...config, watch: [{ folder: "drop", type: "ready" }] }));
    await assert.rejects(started(dir), { code: "CONFIG_INVALID" });
    await mkdir(join(dir, "drop"));
    await writeFile(join(dir, "drop", "before.csv"), "a,b\n");
    const { runId } = await hub.admin.startRun({ workflowSource: workflow(2) });
    const first = await started(dir);
    const refused = join(dir, "events", "refused");
    try {
      await writeFile(join(dir, "events", "bad.json"), "{");
      await there(join(dir, "events"), "refused");
      await there(refused, "bad.json");
      assert.match(await readFile(join(refused, "bad.json.reason.txt"), "utf8"), /no JSON/);
    } finally {
      await first.stop();
    }
    const second = await started(dir);
    try {
      await writeFile(join(dir, "drop", "after.csv"), "c,d\n");
      const all = await heard(hub, runId);
      assert.deepEqual(
        all.map(({ subject, data }) => [subject, data]),
        [
          ["before.csv", { folder: "drop", name: "before.csv", sizeBytes: 4, sha256: hashBytes("a,b\n") }],
          ["after.csv", { folder: "drop", name: "after.csv", sizeBytes: 4, sha256: hashBytes("c,d\n") }],
        ],
      );
    } finally {
      await second.stop();
    }
  });
});

/** Resolves when a condition on a folder holds; asks whenever something in it changes. */
async function folderHolds(path: string, holds: (names: string[]) => boolean): Promise<void> {
  const watcher = watch(path);
  try {
    for (let change = once(watcher, "change"); !holds(await readdir(path)); change = once(watcher, "change"))
      await change;
  } finally {
    watcher.close();
  }
}

const there = (path: string, name: string) => folderHolds(path, (names) => names.includes(name));
const emptied = (path: string) => folderHolds(path, (names) => !names.some((name) => name.endsWith(".json")));
