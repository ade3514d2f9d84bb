import { existsSync } from "node:fs";
import { z } from "zod";
import { ComityError } from "#kernel/errors.js";
import { makeDirectory, readIfThere, writeFileAtomic } from "#kernel/files.js";
import { parseStoreId, type RunId, type StoreId } from "#kernel/ids.js";
import { parseJson } from "#kernel/json.js";
import type { FolderRecord } from "./model.js";

/** Where the identity of a store lies besides its database. */
export interface StorePaths {
  /** `store.json` in the hub's folder. */
  readonly store: string;
  /** The folder with the blobs, and its own `store.json`: they may lie on another disk. */
  readonly blobs: string;
  readonly blobStore: string;
}

const blobsSchema = z.strictObject({ storeId: z.string().transform(parseStoreId) });
const folderSchema = blobsSchema.extend({
  mark: z.int().min(0),
  markedAtMs: z.int().min(0),
  runs: z.record(z.string(), z.int().min(0)),
});

/** The folder's record; undefined where there is none. Throws `STORE_DAMAGED`. */
export async function readFolderRecord({ store }: StorePaths): Promise<FolderRecord | undefined> {
  const found = await read(store, folderSchema);
  if (found === undefined) return undefined;
  return { ...found, runs: new Map(Object.entries(found.runs) as [RunId, number][]) };
}

export async function writeFolderRecord({ store }: StorePaths, record: FolderRecord): Promise<void> {
  const { storeId, mark, markedAtMs, runs } = record;
  const text = JSON.stringify({ storeId, mark, markedAtMs, runs: Object.fromEntries(runs) });
  await writeFileAtomic(store, `${text}\n`, 0o600);
}

/** The store whose blobs lie in the folder; undefined where none does. Throws `STORE_DAMAGED`. */
export async function readBlobsRecord({ blobStore }: StorePaths): Promise<StoreId | undefined> {
  return (await read(blobStore, blobsSchema))?.storeId;
}

/**
 * Gives a folder and its blobs their identity, before the database has it. The blobs have it first, so that a folder that has one has
 * blobs that have it too.
 */
export async function nameFolder(paths: StorePaths, storeId: StoreId): Promise<void> {
  await makeDirectory(paths.blobs);
  if (!existsSync(paths.blobStore))
    await writeFileAtomic(paths.blobStore, `${JSON.stringify({ storeId })}\n`, 0o600);
  if (!existsSync(paths.store))
    await writeFolderRecord(paths, { storeId, mark: 0, markedAtMs: 0, runs: new Map() });
}

async function read<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return schema.parse(parseJson(text));
  } catch (cause) {
    throw new ComityError("STORE_DAMAGED", `${path} cannot be read: it does not say which store this is.`, {
      hint: "Put the file back from the last backup.",
      cause,
    });
  }
}
