import type { RunFeed } from "#hub/runs/feed.js";
import { recordBlob } from "#hub/store/blobs.js";
import { once } from "#hub/store/operations.js";
import { putIntoInbox } from "#hub/store/owners.js";
import { findChild, hasQueuedRun, insertRun, saveWorkflow } from "#hub/store/runs.js";
import type { Db } from "#hub/store/schema.js";
import { insertSnapshot } from "#hub/store/snapshots.js";
import type { Store } from "#hub/store/store.js";
import type { Tx } from "#hub/store/tx.js";
import { type Workflow, workflowTitle } from "#hub/workflow/definition/model.js";
import { newestFormat } from "#hub/workflow/interpreter/format.js";
import type { RunInfo } from "#hub/workflow/interpreter/model.js";
import type { Clock } from "#kernel/clock.js";
import { hashBytes } from "#kernel/files.js";
import { newOpId, newRunId, type OpId, type RunId } from "#kernel/ids.js";
import { canonicalJson } from "#kernel/json.js";
import { comityVersion } from "#kernel/version.js";
import { type Beginning, beginningOf } from "./beginning.js";
import type { Core } from "./core.js";
import type { Limits } from "./limits.js";
import type { Secrets } from "./model.js";
import { type Queue, workflowKey } from "./queue.js";
import { shapesOf } from "./secrets.js";
import { type NamedStart, runOfKey, type StartKey, startKey } from "./start-key.js";

/** What a run is to be started of. */
export interface StartRequest extends NamedStart {
  /** Absent where `parent` makes the start idempotent. */
  readonly opId?: OpId;
  /** Checked already. */
  readonly workflow: Workflow;
  /** For people; the workflow's name where it is empty or absent. */
  readonly name?: string;
  readonly startedBy: string;
  /** The call, `run/effect`, that starts the run. */
  readonly parent?: string;
}

interface Parts {
  readonly core: Core;
  readonly store: Store;
  readonly feed: RunFeed;
  readonly limits: Limits;
  readonly queue: Queue;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

/** Begins runs: the run exists, and its first transition is durable, or nothing is. */
export class Starter {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Resolves with the new run, or with that of an earlier start with the same key, `op_id` or parent. Throws `KEY_REUSED`, `OP_ID_REUSED`. */
  async start(request: StartRequest): Promise<RunId> {
    const { core, store, secrets, clock } = this.#parts;
    const { workflow, input, parent, startedBy } = request;
    const body = canonicalJson(workflow);
    const sha256 = hashBytes(body);
    const key = startKey(request, sha256);
    const before = await this.#before(store.db, key, parent);
    if (before !== undefined) return before;
    const startedAtMs = clock.nowMs();
    const info: RunInfo = {
      id: newRunId(),
      startedAtMs,
      startedBy,
      secrets: shapesOf(secrets, workflow.use?.secrets ?? []),
      version: comityVersion,
    };
    const name = request.name === undefined || request.name === "" ? workflow.document.name : request.name;
    const runId = info.id;
    const program = core.programs.add(sha256, workflow);
    const packed = core.payloads.pack(input);
    const first = { happening: { type: "run.started", info, input } } as const;
    const beginning = await beginningOf(core, { runId, name, fence: 1, program }, first, packed.payloads);
    const content = { body, input, name: request.name ?? "", key: key?.key ?? "" };
    const operation = { opId: request.opId, actor: startedBy, method: "StartRun", content };
    return once(store, operation, startedAtMs, async (tx) => {
      const again = await this.#before(tx.db, key, parent);
      if (again !== undefined) return again;
      await saveWorkflow(tx.db, sha256, body, startedAtMs);
      const title = workflowTitle(workflow);
      const queued = await this.#mustWait(tx, title, runId);
      const state = queued === undefined ? "running" : "queued";
      const run = {
        id: runId,
        name,
        workflowSha256: sha256,
        workflow: title,
        state,
        startedBy,
        startedAtMs,
      } as const;
      await insertRun(tx.db, { ...run, parent, ...notEnded }, { ...key, input: packed.text });
      const snapshot = { runId, workflowSha256: sha256, owner: core.owner, fence: 1, format: newestFormat };
      await insertSnapshot(tx.db, snapshot);
      if (queued !== undefined) {
        await this.#enqueue(tx, beginning, queued);
        return runId;
      }
      beginning.add(tx);
      return runId;
    });
  }

  /** The run that is there already. */
  #before(
    db: Db,
    key: StartKey | undefined,
    parent: string | undefined,
  ): Promise<RunId | undefined> | undefined {
    if (key !== undefined) return runOfKey(db, key);
    return parent === undefined ? undefined : findChild(db, parent);
  }

  /** Why the run cannot begin now: its workflow's places are taken, or others wait for one already. */
  async #mustWait(tx: Tx, title: string, runId: RunId): Promise<string | undefined> {
    const { limits } = this.#parts;
    const key = workflowKey(title);
    if (!limits.limits(key)) return undefined;
    if (await hasQueuedRun(tx.db, title)) return "Other runs of the workflow have been waiting for longer.";
    return (await limits.acquire(tx, [key], runId))?.text;
  }

  /** The run's beginning waits in its inbox, checked and with its large values kept. */
  async #enqueue(tx: Tx, { item: { batch, blobs } }: Beginning, text: string): Promise<void> {
    const { feed, clock, queue } = this.#parts;
    const { runId } = batch;
    for (const blob of blobs) await recordBlob(tx.db, blob, clock.nowMs());
    await putIntoInbox(tx.db, runId, newOpId(), batch.transitions[0]?.event ?? "");
    feed.append(tx, { runId, type: "run.queued", text });
    // A place that is free after a time is taken by whoever looks then.
    tx.afterCommit(() => queue.lookSoon());
  }
}

const notEnded = { endedAtMs: undefined, errorCode: undefined, errorText: undefined } as const;
