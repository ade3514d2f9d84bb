// Writes what is generated from other sources: the wire's types from proto/comity, the WebAssembly kernels from their text.
// With --check it writes nothing and fails when a committed file is stale.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const check = process.argv.includes("--check");
const work = check ? mkdtempSync(join(tmpdir(), "comity-generate-")) : root;

try {
  const protos = filesBelow(join(root, "proto/comity")).filter((file) => file.endsWith(".proto"));
  if (!check) rmSync(join(root, "proto/generated"), { recursive: true, force: true });
  execFileSync(
    join(root, "node_modules/.bin/proto-loader-gen-types"),
    [
      "--longs=Number", "--enums=String", "--defaults", "--oneofs", "--includeComments",
      "--grpcLib=@grpc/grpc-js", "--importFileExtension=.js", "--targetFileExtension=.ts",
      `--includeDirs=${join(root, "proto")}`, `--outDir=${join(work, "proto/generated")}`,
      ...protos.map((file) => relative(join(root, "proto"), file)),
    ],
    { cwd: join(root, "proto"), stdio: ["ignore", "ignore", "inherit"] },
  );
  // The generator writes the absolute path of its source into each file: a path of one machine.
  for (const file of filesBelow(join(work, "proto/generated")).filter((name) => name.endsWith(".ts"))) {
    writeFileSync(file, readFileSync(file, "utf8").replace(/^\/\/ Original file: .*\n\n?/, ""));
  }
  const kernels = join(root, "scripts/build-kernels.mjs");
  if (existsSync(kernels)) execFileSync(process.execPath, [kernels, join(work, "aggregation/kernels/wasm.generated.ts")], { stdio: "inherit" });
  if (check) compare("proto/generated"), existsSync(kernels) && compare("aggregation/kernels/wasm.generated.ts");
} finally {
  if (check) rmSync(work, { recursive: true, force: true });
}

/** Ends with an error when the committed file or folder differs from the one just made. */
function compare(path) {
  try {
    execFileSync("git", ["diff", "--no-index", "--stat", join(root, path), join(work, path)], { stdio: "inherit" });
  } catch {
    console.error(`${path} is stale: run \`npm run gen\` and commit.`);
    process.exitCode = 1;
  }
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
}
