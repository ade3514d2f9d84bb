import type { BlobReader } from "#hub/blobs/reader.js";
import { foldFile } from "#hub/blobs/uses.js";
import { foldHere, isQuick } from "#hub/fold/here.js";
import type { Bytes, FoldJob } from "#hub/fold/job.js";
import { jsonForm } from "#kernel/json.js";
import { type BlobRef, isInline } from "#kernel/refs.js";
import type { Draft, NewFold } from "./draft.js";
import type { Live } from "./live.js";
import type { DriverParts } from "./parts.js";
import type { Folded } from "./round.js";
import type { FoldSpec } from "./script.js";

/**
 * Does a fold: few bytes here and at once, many in the threads of the pool, which may only begin when what it is made of is fixed: when
 * nothing of the draft is still to be written. Undefined: it is not.
 */
export async function foldNow(
  parts: DriverParts,
  live: Live,
  spec: FoldSpec,
  draft: Draft,
): Promise<NewFold | undefined> {
  const blobs = blobsOf(spec);
  // Values lie in the rows of their answers, and are few; what is made of nothing may be large.
  const isSmall = (blobs.length > 0 || spec.over.length > 0) && blobs.every(isInline);
  if (!isSmall && !draft.isEmpty) return undefined;
  const job = await jobOf(parts, live, spec, draft);
  const done = isSmall && isQuick(job) ? foldHere(job) : await parts.pool.fold(job);
  const made = Object.entries(done.blobs).map(([name, { sha256, sizeBytes }]) => [
    name,
    { sha256, sizeBytes },
  ]);
  const { figures, value } = done;
  // As the row will give it back: a script must not see what a replay would not.
  const result = jsonForm({ is: "folded", blobs: Object.fromEntries(made) as object, figures, value });
  return { spec, result: result as unknown as Folded, blobs: Object.values(done.blobs) };
}

/** Every blob that goes into a fold. */
function blobsOf({ over, with: others = {} }: FoldSpec): BlobRef[] {
  const answers = over.flatMap((one) =>
    one.answers.flatMap(({ tensors, stale, base }) => [tensors, stale > 0 ? base : undefined]),
  );
  return [...answers, ...Object.values(others)].filter((blob) => blob !== undefined);
}

async function jobOf(
  { reader, blobs }: DriverParts,
  { call, place }: Live,
  spec: FoldSpec,
  draft: Draft,
): Promise<FoldJob> {
  const { name, folder, options, over, groups = {}, with: others = {} } = spec;
  const common = others["base"]?.sha256;
  const given = over
    .flatMap((one) => one.answers)
    .map((answer) => {
      const { base } = answer;
      const own = common !== undefined && base?.sha256 !== common ? base : undefined;
      return { ...answer, own };
    });
  const named = [...given.flatMap(({ tensors, own }) => [tensors, own]), ...Object.values(others)];
  const bytesOf = await readAll(
    reader,
    named.filter((blob) => blob !== undefined),
    draft,
  );
  const answers = given.map(({ samples, figures, stale, value, tensors, own }) => ({
    samples,
    figures,
    stale,
    bytes: tensors && bytesOf(tensors),
    value: (value ?? null) as FoldJob["options"],
    ...(own !== undefined && { base: bytesOf(own) }),
  }));
  return {
    folder,
    options,
    answers,
    groups,
    with: Object.fromEntries(
      Object.entries(others).flatMap(([key, blob]) => (blob === undefined ? [] : [[key, bytesOf(blob)]])),
    ),
    sites: answers.length,
    population: over[0]?.population ?? 0,
    outPath: blobs.scratchPath(foldFile(call, `${place.position}.${name}`)),
  };
}

/** The bytes of blobs, those in rows by one query; what a fold before has made, and the same commit will write, is in no row yet. */
async function readAll(
  reader: BlobReader,
  blobs: readonly BlobRef[],
  { folds }: Draft,
): Promise<(blob: BlobRef) => Bytes> {
  const known = new Map<string, Bytes>();
  for (const blob of folds.flatMap((fold) => fold.blobs))
    if ("inline" in blob) known.set(blob.sha256, { inline: blob.inline });
  const unread = blobs.filter(({ sha256 }) => !known.has(sha256));
  const read = await reader.bytesOfAll(unread);
  for (const [at, bytes] of read.entries()) known.set(unread[at]?.sha256 ?? "", bytes);
  return ({ sha256 }) => {
    const bytes = known.get(sha256);
    if (bytes === undefined) throw new Error(`the blob ${sha256} was not read`);
    return bytes;
  };
}
