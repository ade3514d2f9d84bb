import { z } from "zod";
import type { Rule } from "#hub/assignments/stage.js";
import type { At } from "#hub/routing/at.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import { type Layers, localTrainingSchema } from "#proto/codec/work.js";
import { type EvaluateBody, evaluate } from "#proto/work/evaluate.js";
import type { FederatedFunction } from "../function.js";
import { dataKeys, modelVersionSchema, patienceKeys, ruleOf } from "../plan.js";
import { ask, type Play, type Turn } from "../script.js";
import { figuresOf, rowsOf, sitesOf } from "./training.js";

/** The argument of `fed.evaluate:1.0.0@default`: what a model version is worth on the sites' test rows. */
export const evaluateSchema = z.strictObject({
  ...dataKeys,
  model: modelVersionSchema,
  loss: localTrainingSchema.shape.loss,
  ...patienceKeys,
});

type EvaluateArgument = z.output<typeof evaluateSchema>;

/** An evaluation as the row of its call keeps it. */
interface Evaluation {
  readonly body: EvaluateBody;
  readonly at: At;
  readonly rule: Rule;
  readonly model: BlobRef;
}

/** `fed.evaluate`: what a model version is worth on the sites' own test rows. */
export const fedEvaluate: FederatedFunction<EvaluateArgument, Evaluation, null> = {
  name: "fed.evaluate:1.0.0@default",
  purpose: "Tests a version of a model on the sites' own test rows.",
  argument: evaluateSchema,
  check: () => undefined,
  async prepare(given, look) {
    const { blob: model, layers } = await look.model(given.model);
    return { body: bodyOf(given, JSON.parse(layers) as Layers), at: given.at, rule: ruleOf(given), model };
  },
  scripts: [
    {
      revision: 1,
      *begin() {
        return { state: null };
      },
      *round({ argument: { body, at, rule, model } }): Play<Turn<null, Json>> {
        const tested = yield* ask({
          name: "evaluate",
          work: evaluate,
          body,
          inputs: { base: model },
          to: { at },
          rule,
        });
        const [samples, sites, metrics] = [rowsOf(tested), sitesOf(tested), figuresOf(tested)];
        const left = tested.left.map(({ site, kind, state, reason }) => ({ site, kind, state, reason }));
        const round = {
          sites,
          asked: tested.asked,
          left: tested.left,
          samples,
          figures: metrics,
          base: model,
        };
        return { output: () => ({ metrics, samples, sites, left }), round };
      },
    },
  ],
  first: (given) => ({ work: evaluate, body: bodyOf(given, []), rule: ruleOf(given), to: { at: given.at } }),
};

const bodyOf = ({ dataset, loss }: EvaluateArgument, layers: Layers): EvaluateBody => ({
  dataset,
  layers,
  loss,
  batch: 1000,
});
