// Compiles aggregation/kernels/kernels.wat and writes it, as base64, into a TypeScript module: the package then needs no
// file beside its code. Usage: node scripts/build-kernels.mjs [OUTFILE]
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import loadWabt from "wabt";

const source = fileURLToPath(new URL("../aggregation/kernels/kernels.wat", import.meta.url));
const outfile =
  process.argv[2] ?? fileURLToPath(new URL("../aggregation/kernels/wasm.generated.ts", import.meta.url));

const wabt = await loadWabt();
const parsed = wabt.parseWat("kernels.wat", readFileSync(source, "utf8"), { simd: true });
parsed.validate();
const base64 = Buffer.from(parsed.toBinary({ canonicalize_lebs: true }).buffer).toString("base64");
parsed.destroy();
mkdirSync(dirname(outfile), { recursive: true });
writeFileSync(
  outfile,
  `// Made from kernels.wat by scripts/build-kernels.mjs. Do not edit.\n\n/** The compiled kernels, in base64. */\nexport const kernelsBase64 =\n  "${base64}";\n`,
);
