import { readFile, writeFile } from "node:fs/promises";
import { AggregationError } from "#aggregation/errors.js";
import { prefixed } from "#aggregation/tensors/groups.js";
import {
  type AnyTensor,
  decodeAnyTensors,
  encodeTensors,
  type Tensor,
} from "#aggregation/tensors/safetensors.js";
import { elementCount, type TensorSpec } from "#aggregation/tensors/spec.js";

/** Where the control variates of a training come from and go to. */
export interface ControlFiles {
  /** The server's c, float32 or float64; undefined where it is 0 still. */
  readonly serverPath: string | undefined;
  /** The site's own c_i as the last counted round has left it; undefined where it is 0 still. */
  readonly statePath: string | undefined;
  /** Where c_i is written to for the next round. */
  readonly nextStatePath: string;
}

/**
 * The control variates of SCAFFOLD at a site (Karimireddy et al. 2020, arXiv 1910.06378): c of the server, c_i of the site, for each weight.
 * In files a weight NAME has the control variate `control/NAME`.
 */
export class ControlVariates {
  readonly #specs: readonly TensorSpec[];
  readonly #server: readonly Float64Array[];
  readonly #own: readonly Float64Array[];

  /** `model`: the weights. Throws `UPDATE_MALFORMED`, and `UPDATE_SCHEMA_WRONG` for a control variate that is not there, or of another shape than its weight. */
  static async read(model: readonly TensorSpec[], files: ControlFiles): Promise<ControlVariates> {
    const specs = prefixed("control", model);
    const [server, own] = await Promise.all([
      readVariates(specs, files.serverPath),
      readVariates(specs, files.statePath),
    ]);
    return new ControlVariates(specs, server, own);
  }

  private constructor(
    specs: readonly TensorSpec[],
    server: readonly Float64Array[],
    own: readonly Float64Array[],
  ) {
    this.#specs = specs;
    this.#server = server;
    this.#own = own;
  }

  /** c - c_i, which is added to every gradient. */
  get shift(): Float32Array[] {
    return this.#server.map((c, place) =>
      Float32Array.from(c, (value, at) => value - valueAt(this.#own, place, at)),
    );
  }

  /**
   * Option II of the paper: c_i+ - c_i = (x - y) / (K lr) - c, with x the weights before and y those after K steps; without a step nothing
   * changes. It is rounded to float32 once, and c_i becomes what the server is told of it: so the server's mean stays the sites' mean.
   */
  after(
    before: readonly Tensor[],
    trained: readonly Tensor[],
    steps: number,
    learningRate: number,
  ): { readonly delta: Tensor[]; readonly own: AnyTensor[] } {
    const delta = this.#specs.map((spec, place): Tensor => {
      const [x, y] = [before[place]?.values, trained[place]?.values];
      const values = Float32Array.from({ length: elementCount(spec) }, (_, at) => {
        if (steps === 0) return 0;
        return ((x?.[at] ?? 0) - (y?.[at] ?? 0)) / (steps * learningRate) - valueAt(this.#server, place, at);
      });
      return { name: spec.name, dtype: "F32", shape: spec.shape, values };
    });
    const own = this.#specs.map((spec, place): AnyTensor => {
      const values = Float64Array.from(
        delta[place]?.values ?? [],
        (change, at) => valueAt(this.#own, place, at) + change,
      );
      return { name: spec.name, dtype: "F64", shape: spec.shape, values };
    });
    return { delta, own };
  }
}

/** Writes the update with the changes of the control variates, and the site's own for the next round. */
export async function writeControlled(
  updatePath: string,
  model: readonly Tensor[],
  { delta, own }: { readonly delta: readonly Tensor[]; readonly own: readonly AnyTensor[] },
  nextStatePath: string,
): Promise<void> {
  await Promise.all([
    writeFile(updatePath, encodeTensors([...model, ...delta])),
    writeFile(nextStatePath, encodeTensors(own)),
  ]);
}

/** One array for each spec; zeros where there is no file yet. */
async function readVariates(specs: readonly TensorSpec[], path: string | undefined): Promise<Float64Array[]> {
  if (path === undefined) return specs.map((spec) => new Float64Array(elementCount(spec)));
  const found = decodeAnyTensors(await readFile(path));
  const byName = new Map(found.map((tensor) => [tensor.name, tensor]));
  return specs.map((spec) => {
    const tensor = byName.get(spec.name);
    // A silent zero would be another algorithm.
    if (tensor === undefined)
      throw new AggregationError("UPDATE_SCHEMA_WRONG", `There is no control variate ${spec.name}.`, {
        tensor: spec.name,
      });
    if (tensor.shape.join() !== spec.shape.join() || (tensor.dtype !== "F32" && tensor.dtype !== "F64"))
      throw new AggregationError(
        "UPDATE_SCHEMA_WRONG",
        `The control variate ${spec.name} must have shape [${spec.shape.join(",")}] and dtype F32 or F64.`,
        { tensor: spec.name },
      );
    return Float64Array.from(tensor.values);
  });
}

const valueAt = (arrays: readonly Float64Array[], place: number, at: number): number =>
  arrays[place]?.[at] ?? 0;
