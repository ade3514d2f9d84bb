import { createHash } from "node:crypto";
import { WeightedMean } from "#aggregation/averaging/weighted-mean.js";
import { encodeHeader, readHeader } from "#aggregation/tensors/safetensors.js";
import { groupedTensors } from "#aggregation/tensors/groups.js";
import { totalBytes } from "#aggregation/tensors/spec.js";
import type { Sha256 } from "#kernel/ids.js";
import type { FoldDone, FoldJob } from "./job.js";

export function foldHere(job: FoldJob): FoldDone {
  const tensors = groupedTensors(job.groups);
  const inputs = job.answers.map(({ samples, bytes }) => {
    if (bytes === undefined || !("inline" in bytes)) throw new Error("not inline");
    const { inline } = bytes;
    const { dataOffset } = readHeader(inline);
    return {
      weight: samples,
      read: (target: Uint8Array, offset: number) =>
        target.set(inline.subarray(dataOffset + offset, dataOffset + offset + target.length)),
    };
  });
  const mean = new WeightedMean(inputs, totalBytes(tensors));
  const parts = [encodeHeader(tensors)];
  for (let i = 0; i < mean.tiles; i++) parts.push(Uint8Array.from(mean.tile(i)));
  const inline = Buffer.concat(parts);
  const sha256 = createHash("sha256").update(inline).digest("hex") as Sha256;
  return { blobs: { model: { sha256, sizeBytes: inline.length, inline } }, figures: {}, value: null };
}
