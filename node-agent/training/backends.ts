import { readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import util from "node:util";
import { ComityError } from "#kernel/errors.js";
import { type BackendName, backendNames } from "./backend-names.js";
import { gradientDifference } from "./self-check.js";
import { tf } from "./tensorflow.js";
import { registerWasmKernels } from "./wasm-kernels.js";

const require = createRequire(import.meta.url);

registerWasmKernels();

/** A back end that was not taken, and why. */
interface SkippedBackend {
  readonly backend: BackendName;
  readonly reason: string;
}

export interface ChosenBackend {
  readonly backend: BackendName;
  readonly skipped: readonly SkippedBackend[];
}

/** Optional: npm installs without it where its download is refused. */
const nativePackage = "@tensorflow/tfjs-node";

/** How far gradients may lie from those of the `cpu` back end. */
const maxDifference = 1e-4;

/**
 * Makes the first back end that works the current one: `wanted` if it is given, else in the order of {@link backendNames}.
 * A back end works when one training step of a small dense and a small convolution layer gives the gradients of the
 * `cpu` back end within 1e-4. Throws `BACKEND_UNAVAILABLE` with the reasons when none is left.
 */
export async function chooseBackend(wanted?: BackendName): Promise<ChosenBackend> {
  const skipped: SkippedBackend[] = [];
  for (const backend of wanted === undefined ? backendNames : [wanted]) {
    const reason = await faultOf(backend);
    if (reason === undefined) return { backend, skipped };
    skipped.push({ backend, reason });
  }
  const reasons = skipped.map(({ backend, reason }) => `${backend}: ${reason}`).join("; ");
  throw new ComityError("BACKEND_UNAVAILABLE", `No back end for training can be used (${reasons}).`, {
    hint: "Take `backend` out of agent.yaml to let the agent choose one that works.",
  });
}

/** Why a back end cannot be used; undefined when it can, and it is then the current one. */
async function faultOf(backend: BackendName): Promise<string | undefined> {
  try {
    if (backend === "tensorflow") await loadTensorflow();
    const difference = await gradientDifference(backend);
    if (difference <= maxDifference) return undefined;
    return `its gradients differ from those of cpu by ${difference.toPrecision(2)}, more than ${maxDifference}`;
  } catch (error) {
    return firstLine(error);
  }
}

/** Loads the optional native back end. */
async function loadTensorflow(): Promise<void> {
  const library = await nativeLibrary();
  if (library !== undefined) throw new Error(library);
  // TensorFlow prints on stderr else.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  // The sums of convolutions depend on the number of threads; the same work must give the same bytes on every machine.
  process.env["TF_NUM_INTRAOP_THREADS"] ??= "1";
  // tfjs-node calls two functions that Node 23 took away; without them it loads, and throws at the first training step.
  const legacy: Record<string, unknown> = Object(util) as Record<string, unknown>;
  legacy["isNullOrUndefined"] ??= (value: unknown) => value === null || value === undefined;
  legacy["isArray"] ??= Array.isArray;
  require(nativePackage);
  if (!tf.engine().registryFactory["tensorflow"])
    throw new Error("the package is there and registers no back end");
}

/** Why the native library cannot be there, without the second that it costs to try; undefined when it may be. */
async function nativeLibrary(): Promise<string | undefined> {
  let folder: string;
  try {
    folder = dirname(require.resolve(`${nativePackage}/package.json`));
  } catch {
    return `the optional package ${nativePackage} is not installed`;
  }
  const files = await readdir(join(folder, "lib"), { recursive: true }).catch(() => []);
  if (files.some((file) => file.endsWith("tfjs_binding.node"))) return undefined;
  return `the native library of ${nativePackage} is not installed`;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? "";
}
