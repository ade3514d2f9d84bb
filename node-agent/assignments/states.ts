import { randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ComityError, isSystemError } from "#kernel/errors.js";
import { hashBytes, hashFile, makeDirectory } from "#kernel/files.js";
import { parseRunId } from "#kernel/ids.js";
import { inlineBytes } from "#kernel/refs.js";
import { adoptFile } from "./adopt.js";
import type { StateOffer, StateRow, StateRows } from "./state-rows.js";

/** What works keep at the site: small states in the journal, large ones in files. */
export class SiteStates {
  readonly #rows: StateRows;
  readonly #dir: string;

  /** `dir`: on the same file system as the scratch folders of the works. */
  constructor(rows: StateRows, dir: string) {
    this.#rows = rows;
    this.#dir = dir;
  }

  /** Makes the folder and removes files that no row names. */
  async prepare(): Promise<void> {
    await makeDirectory(this.#dir);
    const named = new Set(this.#rows.files());
    await this.remove((await readdir(this.#dir)).filter((name) => !named.has(name)));
  }

  /**
   * The state that an offer's work goes on from; undefined where it begins. Throws `STATE_LOST` when it is not here, or is not any more
   * what was written.
   */
  async find(offer: StateOffer): Promise<StateRow | undefined> {
    if (offer.stateFrom === "") return undefined;
    const row = this.#rows.find(offer);
    if (row !== undefined && (await this.#digestOf(row)) === row.sha256) return row;
    throw new ComityError("STATE_LOST", "The site has not kept what this work goes on from.", {
      hint: "Begin the work anew, or go on without the site.",
    });
  }

  /** Where a step may read a state; a small one is written into `directory`. */
  async open({ bytes, file }: StateRow, directory: string): Promise<string> {
    if (bytes === undefined) return join(this.#dir, file);
    const path = join(directory, "state");
    await writeFile(path, bytes);
    return path;
  }

  /** Takes over the file that a step has written. It is for the commit of the answer; a large one is durable before. */
  async put(path: string): Promise<StateRow> {
    const { size: sizeBytes } = statSync(path);
    if (sizeBytes <= inlineBytes) {
      const bytes = readFileSync(path);
      return { sha256: hashBytes(bytes), sizeBytes, bytes, file: "" };
    }
    // A work that is done again must not put its file in the place of one that a row still names.
    const file = randomUUID();
    const sha256 = await adoptFile(path, sizeBytes, join(this.#dir, file));
    return { sha256, sizeBytes, bytes: undefined, file };
  }

  /** A run is over: nothing of it is kept. */
  async endRun(runId: string): Promise<void> {
    await this.remove(this.#rows.endRun(parseRunId(runId)));
  }

  /** Removes the files of generations that were forgotten. */
  async remove(files: readonly string[]): Promise<void> {
    for (const file of files) if (file !== "") await rm(join(this.#dir, file), { force: true });
  }

  async #digestOf({ bytes, file }: StateRow): Promise<string | undefined> {
    if (bytes !== undefined) return hashBytes(bytes);
    try {
      return await hashFile(join(this.#dir, file));
    } catch (thrown) {
      if (isSystemError(thrown, "ENOENT")) return undefined;
      throw thrown;
    }
  }
}
