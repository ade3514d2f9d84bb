import { z } from "zod";
import { encodeHeader } from "#aggregation/tensors/safetensors.js";
import { totalBytes } from "#aggregation/tensors/spec.js";
import { describeLayers } from "#aggregation/topology/describe.js";
import { initialModelPieces } from "#aggregation/topology/initial-model.js";
import { ComityError } from "#kernel/errors.js";
import { layersSchema } from "#proto/codec/work.js";
import { BlobWriter } from "./blob-writer.js";
import type { SingleFolder } from "./folder.js";

const optionsSchema = z.strictObject({ layers: layersSchema, seed: z.int() });

/** The model that a call begins with, made from layers and a seed: the output `model`. It needs no answers. Throws `MODEL_INVALID`. */
export const initialFolder: SingleFolder = {
  name: "model.initial",
  revision: 1,
  run({ options, outPath }) {
    const parsed = optionsSchema.safeParse(options);
    if (!parsed.success) throw new ComityError("ARGUMENT_INVALID", z.prettifyError(parsed.error));
    const { layers, seed } = parsed.data;
    const { tensors } = describeLayers(layers);
    const writer = new BlobWriter(`${outPath}.model`, [encodeHeader(tensors).length + totalBytes(tensors)]);
    try {
      for (const piece of initialModelPieces(layers, seed)) writer.write(piece);
      return { blobs: { model: writer.finish() }, figures: {}, value: null };
    } finally {
      writer.abandon();
    }
  },
};
