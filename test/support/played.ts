import assert from "node:assert/strict";
import type { FederatedFunction } from "#hub/federated/function.js";
import {
  type Answer,
  type AskSpec,
  type Collected,
  type Left,
  type Op,
  type OpResult,
  type Turn,
} from "#hub/federated/script.js";
import { foldHere } from "#hub/fold/here.js";
import type { AssignmentId, SiteId } from "#kernel/ids.js";
import { type Json, jsonForm } from "#kernel/json.js";
import { jobOf } from "./folds.js";

/** What a site does with an ask of a script: its value, or why it is left out. */
export type Answering = (
  site: SiteId,
  ask: AskSpec,
) => { readonly value: Json; readonly dataVersion?: string } | { readonly left: string };

/** What one round of a script has come to, and what it has asked for on the way. */
export interface Played {
  readonly turn: Turn<unknown, Json>;
  readonly asked: readonly AskSpec[];
}

/**
 * Plays one round of a function's script, without hub and sites. After each op the round is dropped and played again from its beginning, with
 * what has come of its ops through JSON, as after a crash: it must ask for the same again.
 */
export function playRound(
  fn: FederatedFunction,
  given: unknown,
  sites: readonly SiteId[],
  answering: Answering,
  position = 1,
): Played {
  const argument = jsonForm(fn.prepare(fn.argument.parse(given), { model: () => assert.fail("a model") }));
  const results: OpResult[] = [];
  const ops: string[] = [];
  const asked: AskSpec[] = [];
  const [script] = fn.scripts;
  for (;;) {
    const call = { argument, origin: "e1" as const, createdAtMs: 0 };
    const play = script.round(call, null, { position, draw: position });
    let next = play.next(undefined as unknown as OpResult);
    for (const [at, result] of results.entries()) {
      assert.ok(next.done !== true, "the round ends sooner when it is played again");
      assert.equal(textOf(next.value), ops[at], "the round asks for something else when it is played again");
      next = play.next(jsonForm(result) as unknown as OpResult);
    }
    if (next.done === true) return { turn: next.value, asked };
    ops.push(textOf(next.value));
    if (next.value.op === "ask") asked.push(next.value);
    results.push(resultOf(next.value, sites, answering));
  }
}

const textOf = (op: Op): string =>
  JSON.stringify(op, (key, value: unknown) => (key === "work" ? undefined : value));

function resultOf(op: Op, sites: readonly SiteId[], answering: Answering): OpResult {
  if (op.op === "fold") {
    const answers = op.over
      .flatMap((one) => one.answers)
      .map(({ samples, figures, stale, value }) => ({
        samples,
        figures,
        stale,
        bytes: undefined,
        value: (value ?? null) as Json,
      }));
    const { figures, value } = foldHere(
      jobOf({ folder: op.folder, options: op.options, answers, outPath: "/nowhere" }),
    );
    return { is: "folded", blobs: {}, figures, value };
  }
  if (op.op !== "ask") return assert.fail(`a played script has no ${op.op}`);
  const asked = "sites" in op.to ? op.to.sites : sites;
  const answers: Answer[] = [];
  const left: Left[] = [];
  for (const site of asked) {
    const deed = answering(site, op);
    if ("left" in deed) {
      left.push({ site, kind: op.work.name, state: "failed", reason: deed.left });
      continue;
    }
    const { value, dataVersion = "1" } = deed;
    const facts = { samples: 0, figures: {}, tensors: undefined, behind: 1, stale: 0, base: undefined };
    answers.push({ assignment: `${op.name}.${site}` as AssignmentId, site, ...facts, value, dataVersion });
  }
  const collected: Collected = {
    is: "collected",
    stage: op.name,
    answers,
    left,
    unasked: [],
    asked: asked.length,
    population: sites.length,
    atLeast: op.rule.atLeast,
    short: false,
  };
  return collected;
}
