import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ComityError } from "#kernel/errors.js";
import { makeDirectory, syncPath } from "#kernel/files.js";
import { parseSha256, type Sha256 } from "#kernel/ids.js";
import type { Model__Output } from "#proto/generated/comity/v1/Model.js";
import { resume } from "./resume.js";

export interface DownloadSettings {
  readonly signal?: AbortSignal;
  /** Called with the bytes that are there and the bytes that there will be. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** A hub, as far as a download needs it. */
interface ModelSource {
  getModel(model: string, settings: { signal?: AbortSignal }): Promise<Model__Output>;
  streamModel(
    request: { model: string; version: number; offset: number },
    settings: { signal?: AbortSignal },
  ): AsyncIterable<{ data: Buffer }>;
}

/** What was written. */
export interface Downloaded {
  readonly version: number;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/**
 * Writes a model version (0: the newest) to a file, atomically and checked against its digest. What an earlier try left in
 * `path.part` is kept and continued; so is a download whose connection breaks. Throws `BLOB_DAMAGED` on wrong bytes.
 */
export async function downloadModel(
  hub: ModelSource,
  { model, version, path }: { readonly model: string; readonly version: number; readonly path: string },
  { signal, onProgress }: DownloadSettings,
): Promise<Downloaded> {
  const cancel = signal === undefined ? {} : { signal };
  const wanted = pick(await hub.getModel(model, cancel), version);
  const part = `${path}.part`;
  await makeDirectory(dirname(path), 0o755);
  const file = await open(part, "a", 0o644);
  try {
    const hash = createHash("sha256");
    let done = await keepStart(file, part, wanted.sizeBytes, hash);
    onProgress?.(done, wanted.sizeBytes);
    if (done < wanted.sizeBytes) {
      const request = () => hub.streamModel({ model, version: wanted.version, offset: done }, cancel);
      for await (const { data } of resume(cancel, request)) {
        if (done + data.length > wanted.sizeBytes) throw damaged(model, wanted.version);
        await file.appendFile(data);
        hash.update(data);
        done += data.length;
        onProgress?.(done, wanted.sizeBytes);
      }
    }
    if (done !== wanted.sizeBytes || hash.digest("hex") !== wanted.sha256)
      throw damaged(model, wanted.version);
    await file.sync();
  } catch (error) {
    if (error instanceof ComityError && error.code === "BLOB_DAMAGED") await rm(part, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(part, path);
  await syncPath(dirname(path));
  return wanted;
}

function pick({ model, versions }: Model__Output, version: number): Downloaded {
  const found =
    version === 0
      ? versions.toSorted((a, b) => b.version - a.version)[0]
      : versions.find((candidate) => candidate.version === version);
  if (found?.blob === undefined || found.blob === null) {
    throw new ComityError(
      "MODEL_NOT_FOUND",
      `The model ${JSON.stringify(model)} has no version ${version}.`,
      {
        hint: "`comity model show` lists the versions.",
      },
    );
  }
  return { version: found.version, sha256: parseSha256(found.blob.sha256), sizeBytes: found.blob.sizeBytes };
}

/** Hashes what is there already and answers its length; more than there should be is another model's, and goes. */
async function keepStart(file: FileHandle, part: string, sizeBytes: number, hash: Hash): Promise<number> {
  const { size } = await file.stat();
  if (size > sizeBytes) {
    await file.truncate(0);
    return 0;
  }
  const bytes: AsyncIterable<Buffer> = createReadStream(part, { highWaterMark: 1 << 20 });
  for await (const chunk of bytes) hash.update(chunk);
  return size;
}

function damaged(model: string, version: number): ComityError {
  return new ComityError(
    "BLOB_DAMAGED",
    `The bytes of ${model} version ${version} do not have their digest.`,
    {
      hint: "What was there is removed; download again. If it stays so, the hub's copy or this disk is damaged.",
    },
  );
}
