import { rmSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ComityError, isSystemError } from "#kernel/errors.js";
import { makeDirectory } from "#kernel/files.js";

/** The demo's folder: one folder for the hub, one for each site, one for the logs. For its owner only. */
export class Workspace {
  readonly directory: string;
  readonly kept: boolean;

  private constructor(directory: string, kept: boolean) {
    this.directory = directory;
    this.kept = kept;
  }

  /** A temporary folder, or `keep`, which must be empty or not there yet. */
  static async create(keep: string | undefined): Promise<Workspace> {
    const workspace =
      keep === undefined
        ? new Workspace(await mkdtemp(join(tmpdir(), "comity-demo-")), false)
        : new Workspace(await emptyFolder(resolve(keep)), true);
    await makeDirectory(workspace.logs);
    return workspace;
  }

  get hub(): string {
    return join(this.directory, "hub");
  }

  get logs(): string {
    return join(this.directory, "logs");
  }

  get plan(): string {
    return join(this.directory, "plan.yaml");
  }

  /** Where the final model is written; it stays, even when all else goes. */
  get model(): string {
    return join(this.directory, "model.safetensors");
  }

  site(name: string): string {
    return join(this.directory, name);
  }

  log(name: string): string {
    return join(this.logs, `${name}.log`);
  }

  /** Removes everything but the model. */
  async keepOnlyModel(): Promise<void> {
    if (this.kept) return;
    for (const name of await readdir(this.directory)) {
      if (join(this.directory, name) !== this.model)
        await rm(join(this.directory, name), { recursive: true, force: true });
    }
  }

  /** Removes everything, at once. A folder that was to be kept stays. */
  removeNow(): void {
    if (!this.kept) rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

async function emptyFolder(path: string): Promise<string> {
  try {
    const [first] = await readdir(path);
    if (first === undefined) return path;
  } catch (error) {
    if (isSystemError(error, "ENOTDIR"))
      throw new ComityError("DIRECTORY_INVALID", `${path} is no folder.`, { cause: error });
    if (!isSystemError(error, "ENOENT")) throw error;
    await makeDirectory(path);
    return path;
  }
  throw new ComityError("DIRECTORY_INVALID", `The folder ${path} is not empty.`, {
    hint: "Give --keep a folder that is empty or not there yet.",
  });
}
