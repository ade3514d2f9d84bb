import assert from "node:assert/strict";
import { decodeAnyTensors } from "#aggregation/tensors/safetensors.js";
import { type Assignment, assignmentIdOf, isOpen } from "#hub/assignments/model.js";
import { inputsOf } from "#hub/assignments/offer.js";
import type { Inputs, SitePart, Stage } from "#hub/assignments/stage.js";
import { sentWork } from "#hub/federated/advance.js";
import { collected } from "#hub/federated/collect/collected.js";
import { judge } from "#hub/federated/collect/quorum.js";
import { freeSites, taken } from "#hub/federated/collect/taken.js";
import type { AskSpec, Collected, StreamSpec, Taken, TakeSpec } from "#hub/federated/script.js";
import { ComityError } from "#kernel/errors.js";
import { parseRunId, type SiteId } from "#kernel/ids.js";
import { type Json, type JsonObject, jsonForm } from "#kernel/json.js";
import { checkAnswer, shapeOf } from "#proto/work/shape.js";
import type { PlayedBlobs } from "./played-blobs.js";
import { assignmentOf, stageOf } from "./stages.js";

/** What a site answers; what its kind of work does not declare must not be there. */
interface PlayedAnswer {
  readonly value?: Json;
  readonly samples?: number;
  readonly figures?: Readonly<Record<string, number>>;
  /** A whole safetensors file. */
  readonly tensors?: Uint8Array;
  /** Sites that stand behind it. */
  readonly behind?: number;
  readonly dataVersion?: string;
}

/** What a site sees of an ask. */
export type PlayedAsk = Pick<AskSpec, "name" | "work" | "body" | "siteState">;

/**
 * What a site does with an ask of a script: its answer, or why it is left out. The ask has the site's own body, `inputs` the bytes of all
 * that the site is given.
 */
export type Answering = (
  site: SiteId,
  ask: PlayedAsk,
  inputs: Readonly<Record<string, Uint8Array>>,
) => PlayedAnswer | { readonly left: string };

const call = { runId: parseRunId("played"), effect: "e1" } as const;

/** A stream that is open, with all that it has asked so far. */
interface OpenStream {
  readonly spec: StreamSpec;
  stage: Stage;
  rows: Assignment[];
}

/**
 * Sites in memory, and what becomes of their answers by the hub's own rules: what must be declared, when a stage is over, what is taken of
 * a stream. The site of a stream that was asked first answers first.
 */
export class PlayedSites {
  readonly #sites: readonly SiteId[];
  readonly #answering: Answering;
  readonly #blobs: PlayedBlobs;
  readonly #streams = new Map<string, OpenStream>();

  constructor(sites: readonly SiteId[], answering: Answering, blobs: PlayedBlobs) {
    this.#sites = sites.toSorted();
    this.#answering = answering;
    this.#blobs = blobs;
  }

  /** Throws what the call would fail with. */
  ask(spec: AskSpec, position: number): Collected {
    const { to } = spec;
    const [sites, each = {}] = "sites" in to ? [to.sites, to.each] : [this.#sites];
    const stage = this.#stage(spec, position);
    const rows = sites
      .toSorted()
      .map((site) => this.#answered(spec, stage, this.#row(stage, site, each[site])));
    const verdict = judge(rows, stage.rule);
    if (verdict.is === "fail") throw new ComityError(verdict.code, verdict.text);
    assert.ok(verdict.is === "close");
    return collected(stage, rows, position, verdict.short);
  }

  /** Opens a stream, unless it is open. */
  stream(spec: StreamSpec, position: number): Collected {
    let open = this.#streams.get(spec.name);
    if (open === undefined) {
      const stage = { ...this.#stage(spec, 0), concurrency: spec.concurrency };
      this.#streams.set(spec.name, (open = { spec, stage, rows: [] }));
    }
    return collected(open.stage, [], position);
  }

  /** Has sites answer until there is enough. Throws `QUORUM_LOST` when nobody works any more. */
  take(op: TakeSpec, position: number): Taken {
    const open = this.#streams.get(op.stream);
    assert.ok(open !== undefined, `${op.stream} is no stream`);
    for (;;) {
      const got = taken(open.stage, open.rows, op, position);
      if (got !== undefined) return got;
      this.#issue(open, position);
      const next = open.rows.findIndex(({ state }) => isOpen(state));
      const row = open.rows[next];
      if (row === undefined) throw new ComityError("QUORUM_LOST", `Nobody works for ${op.stream} any more.`);
      open.stage = { ...open.stage, changes: open.stage.changes + 1 };
      const over = this.#answered(open.spec, open.stage, row);
      open.rows = open.rows.with(next, { ...over, arrival: open.stage.changes });
    }
  }

  /** What the free sites of a stream get from now on. */
  offer(name: string, inputs: Inputs): void {
    const open = this.#streams.get(name);
    assert.ok(open !== undefined, `${name} is no stream`);
    open.stage = { ...open.stage, inputs };
  }

  /** Gives free sites of a stream their next work, with the inputs of now. */
  #issue({ spec, stage, rows }: OpenStream, position: number): void {
    const room = spec.concurrency - rows.filter(({ state }) => isOpen(state)).length;
    const part = { inputs: stage.inputs };
    for (const site of freeSites(this.#sites, rows).slice(0, room)) {
      const id = assignmentIdOf(stage, site, rows.length);
      rows.push({ ...this.#row(stage, site, part), id, issued: position - 1 });
    }
  }

  #stage({ name, work, body, inputs, rule, siteState }: Omit<AskSpec, "to">, position: number): Stage {
    const sent = jsonForm(inputs) as unknown as Inputs;
    for (const given of Object.keys(sent))
      assert.ok(given in work.inputs, `${work.name} has no input ${given}`);
    for (const [declared, { required }] of Object.entries(work.inputs))
      assert.ok(!required || declared in sent, `${work.name} needs the input ${declared}`);
    return stageOf(call, {
      position,
      stage: name,
      kind: work.name,
      work: sentWork({ work, body }),
      inputs: sent,
      siteState,
      rule: work.answer.leaves === "nothing" ? { ...rule, atLeast: 0 } : rule,
      population: this.#sites.length,
    });
  }

  #row = (stage: Stage, site: SiteId, part: SitePart = {}): Assignment => assignmentOf(stage, site, { part });

  /** The row after the site has done its work: its answer passes the check that both ends make. */
  #answered({ name, work, body, siteState }: Omit<AskSpec, "to">, stage: Stage, row: Assignment): Assignment {
    const own = row.part.body === undefined ? body : { ...(body as object), ...row.part.body };
    // As an agent reads it: a key that it does not know is refused.
    const sent = Object.entries(sentWork({ work, body: own }) as JsonObject);
    work.body.parse(Object.fromEntries(sent.filter(([key]) => key !== "kind")));
    const given = Object.entries(inputsOf(stage, row)).map(([input, blob]) => [
      input,
      this.#blobs.bytesOf(blob),
    ]);
    const deed = this.#answering(
      row.site,
      { name, work, body: own, ...(siteState !== undefined && { siteState }) },
      Object.fromEntries(given) as Record<string, Uint8Array>,
    );
    if ("left" in deed) return { ...row, state: "failed", reason: deed.left };
    const { value, samples = 0, figures = {}, tensors, behind = 1, dataVersion = "1" } = deed;
    const answer = {
      samples,
      figures,
      value,
      tensors: tensors && decodeAnyTensors(tensors).map(plainTensor),
    };
    checkAnswer(work.name, shapeOf(work, own), answer, Number.MAX_SAFE_INTEGER);
    const update = tensors && this.#blobs.put(tensors);
    return { ...row, state: "delivered", value, samples, metrics: figures, update, behind, dataVersion };
  }
}

const plainTensor = ({ name, dtype, shape }: ReturnType<typeof decodeAnyTensors>[number]) => ({
  name,
  dtype,
  shape,
});
