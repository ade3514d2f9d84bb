import { readFile } from "node:fs/promises";
import { groupedTensors } from "#aggregation/tensors/groups.js";
import type { Sha256 } from "#kernel/ids.js";
import { isInline } from "#kernel/refs.js";
import type { Layers } from "#proto/codec/work.js";
import { Aggregator } from "./aggregator.js";
import type { FoldDone, FoldJob } from "./job.js";

export class FoldPool {
  readonly #aggregator = new Aggregator();
  warm(): this {
    this.#aggregator.warm();
    return this;
  }
  async fold(job: FoldJob): Promise<FoldDone> {
    const path = `${job.outPath}.model`;
    const written =
      job.folder === "model.initial"
        ? await this.#aggregator.initialise({
            ...(job.options as unknown as { layers: Layers; seed: number }),
            outPath: path,
          })
        : await this.#aggregator.aggregate({
            inputs: job.answers.map(({ samples, bytes }) => ({
              path: (bytes as { path: string }).path,
              weight: samples,
            })),
            tensors: groupedTensors(job.groups),
            outPath: path,
          });
    const blob = { sha256: written.sha256 as Sha256, sizeBytes: written.sizeBytes };
    const model = isInline(blob) ? { ...blob, inline: await readFile(path) } : { ...blob, path };
    return { blobs: { model }, figures: {}, value: null };
  }
  async close(): Promise<void> {
    await this.#aggregator.close();
  }
}
