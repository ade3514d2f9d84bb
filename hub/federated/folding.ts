import type { Bytes } from "#hub/blobs/reader.js";
import { foldFile } from "#hub/blobs/uses.js";
import { foldHere, isQuick } from "#hub/fold/here.js";
import type { FoldJob } from "#hub/fold/job.js";
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
  // What a fold before has made, and the same commit will write, is in no row yet.
  const made = draft.folds.flatMap((fold) => fold.blobs);
  const bytesOf = (blob: BlobRef): Promise<Bytes> | Bytes => {
    const own = made.find(({ sha256 }) => sha256 === blob.sha256);
    return own !== undefined && "inline" in own ? { inline: own.inline } : reader.bytesOf(blob);
  };
  const { name, folder, options, over, groups = {} } = spec;
  const common = spec.with?.["base"]?.sha256;
  const answers: FoldJob["answers"][number][] = [];
  for (const { samples, figures, stale, value, tensors, base } of over.flatMap((one) => one.answers)) {
    const bytes = tensors && (await bytesOf(tensors));
    const own = base !== undefined && common !== undefined && base.sha256 !== common;
    answers.push({
      samples,
      figures,
      stale,
      bytes,
      value: (value ?? null) as FoldJob["options"],
      ...(own && { base: await bytesOf(base) }),
    });
  }
  const others: [string, Bytes][] = [];
  for (const [key, blob] of Object.entries(spec.with ?? {}))
    if (blob !== undefined) others.push([key, await bytesOf(blob)]);
  return {
    folder,
    options,
    answers,
    groups,
    with: Object.fromEntries(others),
    sites: answers.length,
    population: over[0]?.population ?? 0,
    outPath: blobs.scratchPath(foldFile(call, `${place.position}.${name}`)),
  };
}
