import { z } from "zod";
import type { Rule } from "#hub/assignments/stage.js";
import type { FederatedFunction } from "#hub/federated/function.js";
import { layersOf } from "#hub/federated/plan.js";
import { type AskSpec, fold, type Play, type Script } from "#hub/federated/script.js";
import type { SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import type { Layers } from "#proto/codec/work.js";
import { type EvaluateBody, evaluate } from "#proto/work/evaluate.js";

/** What tests are asked with. */
export const plainRule: Rule = {
  onShort: "fail",
  atLeast: 1,
  release: "together",
  waitMs: 0,
  deadlineMs: 600_000,
  graceMs: 30_000,
};

const layers: Layers = layersOf({ name: "mlp", input: [4], classes: 2, hidden: [3] });
/** Of some 90 KiB: it lies in files. */
export const largeLayers: Layers = layersOf({ name: "mlp", input: [100], classes: 2, hidden: [220] });
const dataset = { labels: { dataset: "points" } };
const body: EvaluateBody = { dataset, layers, loss: "categoricalCrossentropy", batch: 1000 };

/** A model that is made of its seed alone. */
export function* madeModel({ isLarge = false } = {}): Play<BlobRef> {
  const options = { layers: isLarge ? largeLayers : layers, seed: 1 } as unknown as Json;
  const { blobs } = yield* fold({ name: "initial", folder: "model.initial", options, over: [] });
  const model = blobs["model"];
  if (model === undefined) throw new Error("there is no model");
  return model;
}

/** Asks for the figures of a model: of these sites, or of all. */
export const evaluation = (
  name: string,
  base: BlobRef,
  { sites, rule = plainRule }: { readonly sites?: readonly SiteId[]; readonly rule?: Rule } = {},
): AskSpec<EvaluateBody, "base"> => ({
  name,
  work: evaluate,
  body,
  inputs: { base },
  to: sites === undefined ? { at: {} } : { sites },
  rule,
});

/** What a round of tests tells people. */
export const plainReport = { sites: [], asked: 0, left: [], samples: 0, figures: {} };

/** A federated function of tests, `test.NAME:1.0.0@default`. */
export const scripted = <State>(
  name: string,
  ...scripts: [Script<unknown, State>, ...Script[]]
): FederatedFunction => ({
  name: `test.${name}:1.0.0@default`,
  purpose: "Is for tests.",
  argument: z.unknown(),
  check: () => undefined,
  prepare: (given) => given,
  scripts: scripts,
  first: () => ({ work: evaluate, body, rule: plainRule, to: { at: {} } }),
  goesOnWith: () => true,
});
