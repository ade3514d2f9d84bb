import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeTensors, encodeTensors } from "#aggregation/tensors/safetensors.js";
import { writeBundle } from "#certs/bundle.js";
import { hashBytes } from "#kernel/files.js";
import { requiredInput, type Step, type StepContext } from "#node-agent/steps/step.js";
import type { Layers } from "#proto/codec/work.js";
import type { Offer } from "#proto/generated/comity/v1/Offer.js";
import { type EvaluateBody, evaluate } from "#proto/work/evaluate.js";
import { type TrainBody, train } from "#proto/work/train.js";
import { authority } from "./rpc.js";

/** A folder of an agent that has joined: identity, agent.yaml with one small dataset, and `more` lines of YAML. */
export async function writeAgentFolder(
  dir: string,
  address: string,
  options: { site?: string; lifetimeMs?: number; more?: string } = {},
): Promise<void> {
  const { site = "acme/berlin", lifetimeMs, more = "" } = options;
  await writeBundle(
    join(dir, "identity.pem"),
    authority.agent(site, lifetimeMs === undefined ? {} : { lifetimeMs }),
  );
  const rows = Array.from({ length: 30 }, (_, index) => `${index},${index % 2}`);
  await writeFile(join(dir, "toy.csv"), `x,y\n${rows.join("\n")}\n`);
  const dataset = `{ name: toy, path: toy.csv, columns: { x: number, y: { type: category, classes: 2 } }, target: y, split: { test: 0.4 } }`;
  const yaml = `hub: ${address}\nagentAddress: ${address}\nsite: ${site}\ndatasets: [${dataset}]\n${more}`;
  await writeFile(join(dir, "agent.yaml"), yaml);
}

/** The layers of {@link modelOf}: one tensor of a row. */
const layersOf = (count: number): Layers => [
  { class_name: "Dense", config: { name: "w", units: count, use_bias: false, batch_input_shape: [null, 1] } },
];

/** The only tensor of {@link modelOf}. */
export const tensorOf = (count: number) => ({ name: "w/kernel", dtype: "F32" as const, shape: [1, count] });

/** A model of one tensor, as safetensors. */
export function modelOf(count: number): Buffer {
  const values = new Float32Array(count).map((_value, index) => index / count);
  return Buffer.from(encodeTensors([{ ...tensorOf(count), values }]));
}

/** Adds 1 to every value of the base model, counts its runs, and does before that what a test wants. */
export class TestSteps {
  runs = 0;
  /** Steps in place of these. */
  only: readonly Step[] | undefined;
  before: (context: StepContext) => Promise<void> = () => Promise.resolve();
  /** The update of a base model. */
  answer: (base: Buffer) => Buffer = plusOne;

  get steps(): readonly Step[] {
    if (this.only !== undefined) return this.only;
    const training: Step<TrainBody, "base" | "control"> = {
      kind: train,
      run: async (_body, context) => {
        this.runs++;
        await this.before(context);
        const updatePath = join(context.directory, "update.safetensors");
        await writeFile(updatePath, this.answer(await readFile(await requiredInput(context, "base"))));
        return { samples: 18, figures: { loss: 0.5 }, updatePath };
      },
    };
    const evaluation: Step<EvaluateBody, "base"> = {
      kind: evaluate,
      run: async (_body, context) => {
        this.runs++;
        await this.before(context);
        return { samples: 12, figures: { loss: 0.25, accuracy: 1 } };
      },
    };
    return [training, evaluation];
  }
}

export function plusOne(base: Buffer): Buffer {
  const tensors = decodeTensors(base).map((tensor) => ({
    ...tensor,
    values: tensor.values.map((value) => value + 1),
  }));
  return Buffer.from(encodeTensors(tensors));
}

/** What a hub of the first release tells. */
type OfferedKeys =
  | "assignmentId"
  | "attempt"
  | "runId"
  | "runName"
  | "round"
  | "kind"
  | "workJson"
  | "base"
  | "deadlineMs";

/** An offer over a base model. */
export function offerOf(
  base: Buffer,
  options: { round?: number; attempt?: number; kind?: "train" | "evaluate"; epochs?: number } = {},
): Required<Pick<Offer, OfferedKeys>> {
  const { round = 1, attempt = 1, kind = "train", epochs = 1 } = options;
  const layers = layersOf(decodeTensors(base)[0]?.values.length ?? 0);
  const common = { kind, dataset: { name: "toy" }, layers };
  const work =
    kind === "train" ? { ...common, local: { epochs }, seed: 1 } : { ...common, loss: "meanSquaredError" };
  return {
    assignmentId: `run.${round}.${kind}.acme.berlin`,
    attempt,
    runId: "run",
    runName: "toy",
    round,
    kind,
    workJson: JSON.stringify(work),
    base: { sha256: hashBytes(base), sizeBytes: base.length },
    deadlineMs: 60_000,
  };
}
