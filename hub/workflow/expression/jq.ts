import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Jq, loadJq } from "jq-wasm";
import { expressionLimits } from "./limits.js";

/** The release that the tests and the fast path are made for; older ones of the package die after some hundred evaluations. */
const jqVersion = "jq-1.8.2";

let compiled: WebAssembly.Module | undefined;

/** A fresh jq with empty memory, a few milliseconds after the first. It cannot take more memory than the limit. */
export async function freshJq(): Promise<Jq> {
  const module = (compiled ??= new WebAssembly.Module(
    readFileSync(createRequire(import.meta.url).resolve("jq-wasm/jq.wasm")),
  ));
  const jq = await loadJq({
    instantiateWasm: (imports, onSuccess) => {
      const instance = new WebAssembly.Instance(module, withCappedMemory(imports));
      onSuccess(instance, module);
    },
  });
  if (jq.version !== jqVersion) throw new Error(`This is ${jq.version}; Comity needs ${jqVersion}.`);
  return jq;
}

/** The imports with a bound on the function by which Emscripten's `malloc` asks for more memory; it is found by its name. */
function withCappedMemory(imports: WebAssembly.Imports): WebAssembly.Imports {
  for (const [module, members] of Object.entries(imports))
    for (const [key, member] of Object.entries(members)) {
      if (typeof member !== "function" || member.name !== "_emscripten_resize_heap") continue;
      const resize = member as (bytes: number) => unknown;
      const capped = (bytes: number) => {
        // The size comes as a signed integer of 32 bits. 0 means no.
        return bytes >>> 0 > expressionLimits.maxMemoryBytes ? 0 : resize(bytes);
      };
      return { ...imports, [module]: { ...members, [key]: capped } };
    }
  throw new Error("jq-wasm has no _emscripten_resize_heap; its memory cannot be bounded.");
}
