import { closeSync, openSync, readSync } from "node:fs";
import type { Source } from "#aggregation/folding/pass.js";
import { headerLength, prefixBytes } from "#aggregation/tensors/safetensors.js";
import type { Bytes } from "#hub/blobs/reader.js";

/** The blobs that a fold reads, open until it ends. */
export class Sources {
  readonly #files: number[] = [];

  /** The values of a blob, which has been checked. Throws what the file system does. */
  open(bytes: Bytes): Source {
    const read = "path" in bytes ? this.#fileReader(bytes.path) : memoryReader(bytes.inline);
    const prefix = new Uint8Array(prefixBytes);
    read(prefix, 0);
    const dataOffset = prefixBytes + headerLength(prefix);
    return { read: (target, offset) => read(target, dataOffset + offset) };
  }

  close(): void {
    for (const file of this.#files.splice(0)) closeSync(file);
  }

  #fileReader(path: string): Source["read"] {
    const file = openSync(path, "r");
    this.#files.push(file);
    return (target, offset) => {
      for (let done = 0; done < target.length; ) {
        const bytes = readSync(file, target, done, target.length - done, offset + done);
        if (bytes === 0) throw tooShort();
        done += bytes;
      }
    };
  }
}

function memoryReader(whole: Uint8Array): Source["read"] {
  return (target, offset) => {
    if (offset + target.length > whole.length) throw tooShort();
    target.set(whole.subarray(offset, offset + target.length));
  };
}

const tooShort = (): Error => new Error("An update blob is shorter than its header says.");
