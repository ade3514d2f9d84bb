import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import type * as Wasm from "@tensorflow/tfjs-backend-wasm";
import type * as Core from "@tensorflow/tfjs-core";
import type * as LayersApi from "@tensorflow/tfjs-layers";

// The one place that loads TensorFlow.js; only the training worker and tests may import it.
// `require`, because `import` of these CommonJS files of megabytes takes 470 ms of processor time instead of 100.
const require = createRequire(import.meta.url);

export const tf = require("@tensorflow/tfjs-core") as typeof Core;
export const tfl = require("@tensorflow/tfjs-layers") as typeof LayersApi;
require("@tensorflow/tfjs-backend-cpu");
const wasm = require("@tensorflow/tfjs-backend-wasm") as typeof Wasm;

// The compiled kernels lie next to the module that loads them.
wasm.setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}${sep}`);
// Else it advertises its native back end on the terminal.
tf.enableProdMode();
