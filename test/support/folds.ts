import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Groups, groupedTensors } from "#aggregation/tensors/groups.js";
import { type AnyTensor, decodeAnyTensors, encodeTensors } from "#aggregation/tensors/safetensors.js";
import type { Bytes } from "#hub/blobs/reader.js";
import type { FoldDone, FoldedBlob, FoldInput, FoldJob } from "#hub/fold/job.js";

/** An answer of a fold with nothing in it but what is given. */
export const answerOf = (bytes: Bytes, more: Partial<FoldInput> = {}): FoldInput => ({
  samples: 1,
  figures: {},
  stale: 0,
  value: null,
  bytes,
  ...more,
});

/** A job with everything that is not given left empty. */
export const jobOf = (job: Partial<FoldJob> & Pick<FoldJob, "folder" | "outPath">): FoldJob => {
  const sites = job.answers?.length ?? 0;
  return { options: {}, answers: [], groups: {}, with: {}, sites, population: sites, ...job };
};

/** The bytes of what a fold has made. */
export const bytesOf = (blob: FoldedBlob | undefined): Uint8Array => {
  if (blob === undefined) throw new Error("The fold has not made it.");
  return "path" in blob ? readFileSync(blob.path) : blob.inline;
};

/** One output of a fold, as tensors. */
export const outputOf = (done: FoldDone, name: string): AnyTensor[] =>
  decodeAnyTensors(bytesOf(done.blobs[name]));

/** A blob in a file. */
export function fileOf(directory: string, name: string, blob: Uint8Array): { readonly path: string } {
  const path = join(directory, name);
  writeFileSync(path, blob);
  return { path };
}

/** A blob of float32 tensors, whose values are made of their places in the whole blob. */
export function blobOf(groups: Groups, value: (at: number) => number): Uint8Array<ArrayBuffer> {
  let at = 0;
  return encodeTensors(
    groupedTensors(groups).map(({ name, shape }) => {
      const length = shape.reduce((a, b) => a * b, 1);
      const values = new Float32Array(length);
      for (let i = 0; i < length; i++) values[i] = value(at++);
      return { name, dtype: "F32", shape, values };
    }),
  );
}
