import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { readPage, root } from "./pages.js";

/** The files that a page shows: blocks of TypeScript whose first line is a comment with their path. */
export async function filesOf(page: string): Promise<ReadonlyMap<string, string>> {
  const blocks = [...(await readPage(page)).matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)];
  return new Map(blocks.map(([, path = "", text = ""]) => [path, text]));
}

/**
 * Compiles the files of a page as if they lay in the checkout, with all its checks, and loads one of them. They lie beside what is built
 * until `use` is done with them.
 */
export async function tryHowTo<Result>(
  page: string,
  path: string,
  use: (module: unknown) => Promise<Result> | Result,
): Promise<Result> {
  const files = await filesOf(page);
  const emitted = compile(files);
  try {
    for (const [file, text] of emitted) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    const built = join(root, "dist", path.replace(/\.ts$/, ".js"));
    return await use((await import(pathToFileURL(built).href)) as unknown);
  } finally {
    for (const [file] of emitted) await rm(file, { force: true });
  }
}

/** What the compiler makes of the files, by the paths that it would write to. Throws what it finds fault with. */
function compile(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const config = ts.readConfigFile(join(root, "tsconfig.base.json"), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const settings: ts.CompilerOptions = {
    ...options,
    rootDir: root,
    outDir: join(root, "dist"),
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
  };
  const shown = new Map([...files].map(([path, text]) => [join(root, path), text]));
  const host = ts.createCompilerHost(settings);
  const read = host.readFile.bind(host);
  const exists = host.fileExists.bind(host);
  host.readFile = (file) => shown.get(file) ?? read(file);
  host.fileExists = (file) => shown.has(file) || exists(file);
  const program = ts.createProgram([...shown.keys()], settings, host);
  const emitted = new Map<string, string>();
  for (const file of shown.keys()) {
    const source = program.getSourceFile(file);
    const faults = ts.getPreEmitDiagnostics(program, source);
    if (faults.length > 0) throw new Error(ts.formatDiagnostics(faults, host));
    program.emit(source, (to, text) => void emitted.set(to, text));
  }
  return emitted;
}
