import type { ModelFile } from "../model-file.js";
import { bytes, count } from "./format.js";
import { renderFields, renderTable } from "./table.js";

/** A model file: its digest and its tensors. */
export function renderModelFile(file: ModelFile): string {
  const about = renderFields([
    ["file", file.path],
    ["sha256", file.sha256],
    ["size", bytes(file.sizeBytes)],
    ["parameters", count(file.parameters)],
  ]);
  const tensors = renderTable(
    [
      { title: "TENSOR", value: (tensor) => tensor.name },
      { title: "TYPE", value: (tensor) => tensor.dtype },
      { title: "SHAPE", value: (tensor) => tensor.shape.join(" x ") },
    ],
    file.tensors,
  );
  return `${about}\n\n${tensors}`;
}
