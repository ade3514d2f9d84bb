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
      "--longs=Number",
      "--enums=String",
      "--defaults",
      "--oneofs",
      "--includeComments",
      "--grpcLib=@grpc/grpc-js",
      "--importFileExtension=.js",
      "--targetFileExtension=.ts",
      `--includeDirs=${join(root, "proto")}`,
      `--outDir=${join(work, "proto/generated")}`,
      ...protos.map((file) => relative(join(root, "proto"), file)),
    ],
    { cwd: join(root, "proto"), stdio: ["ignore", "ignore", "inherit"] },
  );
  // The generator writes the absolute path of its source into each file: a path of one machine.
  for (const file of filesBelow(join(work, "proto/generated")).filter((name) => name.endsWith(".ts"))) {
    writeFileSync(file, readFileSync(file, "utf8").replace(/^\/\/ Original file: .*\n\n?/, ""));
  }
  writeFileSync(join(work, "proto/generated/descriptors.ts"), descriptorsModule());
  const kernels = join(root, "scripts/build-kernels.mjs");
  if (existsSync(kernels))
    execFileSync(process.execPath, [kernels, join(work, "aggregation/kernels/wasm.generated.ts")], {
      stdio: "inherit",
    });
  if (check)
    compare("proto/generated"), existsSync(kernels) && compare("aggregation/kernels/wasm.generated.ts");
} finally {
  if (check) rmSync(work, { recursive: true, force: true });
}

/** The compiled .proto files for server reflection; what proto-loader could say of them is not what was written. */
function descriptorsModule() {
  const folders = ["proto", "node_modules/grpc-health-check/proto"];
  const files = folders.flatMap((folder) => {
    const args = [
      "build",
      folder,
      "--exclude-source-info",
      "--as-file-descriptor-set",
      "-o",
      "-#format=binpb",
    ];
    return filesOfSet(
      execFileSync(join(root, "node_modules/.bin/buf"), args, {
        cwd: root,
        stdio: ["ignore", "pipe", "inherit"],
      }),
    );
  });
  return [
    "/** Each a FileDescriptorProto in base64: proto/comity and grpc.health.v1. */",
    "export const fileDescriptors: readonly string[] = [",
    ...files.map((file) => `  "${file.toString("base64")}",`),
    "];\n",
  ].join("\n");
}

/** The members of a FileDescriptorSet: field 1, length-delimited, and nothing else. */
function filesOfSet(set) {
  const files = [];
  for (let at = 0; at < set.length; ) {
    if (set[at++] !== 0x0a) throw new Error("This is no FileDescriptorSet.");
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      length |= (set[at] & 127) << shift;
      if (set[at++] < 128) break;
    }
    files.push(set.subarray(at, at + length));
    at += length;
  }
  return files;
}

/** Ends with an error when the committed file or folder differs from the one just made. */
function compare(path) {
  try {
    execFileSync("git", ["diff", "--no-index", "--stat", join(root, path), join(work, path)], {
      stdio: "inherit",
    });
  } catch {
    console.error(`${path} is stale: run \`npm run gen\` and commit.`);
    process.exitCode = 1;
  }
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
}
