import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { enableProdMode } from "@tensorflow/tfjs-core";
import { registerWasmKernels } from "./wasm-kernels.js";

// The one place that sets TensorFlow.js up. Only the training worker, or a test, may import it: it costs about 150 ms and 60 MB.

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"))}${sep}`);
enableProdMode();
registerWasmKernels();

export * as tf from "@tensorflow/tfjs-core";
export * as tfl from "@tensorflow/tfjs-layers";
