import type { WritePass } from "#aggregation/folding/pass.js";
import { type Groups, groupedTensors, prefixed } from "#aggregation/tensors/groups.js";
import { encodeHeader } from "#aggregation/tensors/safetensors.js";
import { type TensorSpec, totalBytes } from "#aggregation/tensors/spec.js";
import { BlobWriter } from "./blob-writer.js";
import type { FoldedBlob } from "./job.js";

/** One output of a pass, with a region of its blob for each of its groups. */
interface Output {
  readonly writer: BlobWriter;
  readonly groups: readonly string[];
}

/** The blobs that a pass makes, written as its tiles come. */
export class Outputs {
  readonly #pass: WritePass;
  readonly #outputs = new Map<string, Output>();

  /** Throws what the file system does. */
  constructor(pass: WritePass, outPath: string) {
    this.#pass = pass;
    try {
      for (const [name, groups] of Object.entries(pass.outputs))
        this.#outputs.set(name, openOutput(name, groups, `${outPath}.${name}`));
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  use(tile: Uint8Array, index: number): void {
    let at = 0;
    for (const { output, group, bytes } of this.#pass.pieces(index)) {
      const to = this.#outputs.get(output);
      to?.writer.write(tile.subarray(at, at + bytes), to.groups.indexOf(group));
      at += bytes;
    }
  }

  finish(): Record<string, FoldedBlob> {
    return Object.fromEntries([...this.#outputs].map(([name, { writer }]) => [name, writer.finish()]));
  }

  abandon(): void {
    for (const { writer } of this.#outputs.values()) writer.abandon();
  }
}

/** What the server keeps has the names that sites know it by: none of its groups is what the blob is about. */
const namedIn = (output: string, groups: Groups): readonly TensorSpec[] =>
  output === "server"
    ? Object.entries(groups).flatMap(([group, specs]) => prefixed(group, specs))
    : groupedTensors(groups);

function openOutput(name: string, groups: Groups, path: string): Output {
  const header = encodeHeader(namedIn(name, groups));
  const sizes = Object.values(groups).map((specs, at) => totalBytes(specs) + (at === 0 ? header.length : 0));
  const writer = new BlobWriter(path, sizes);
  writer.write(header);
  return { writer, groups: Object.keys(groups) };
}
