import { closeSync, constants, copyFileSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { headerLength, prefixBytes } from "#aggregation/tensors/safetensors.js";
import { hashBytes } from "#kernel/files.js";

/** Distance of the values that are changed. */
const strideBytes = 64 * 1024;

/** An update that is the base model. */
export function copyModel(basePath: string, directory: string): string {
  const path = join(directory, "update.safetensors");
  copyFileSync(basePath, path, constants.COPYFILE_FICLONE);
  return path;
}

/**
 * An update that is the base model but for one value in every 64 KiB, whose last eight bits are changed: other bytes, and so another digest,
 * for each `seed`; still finite, at next to no cost, and never whole in memory.
 */
export function perturbModel(basePath: string, directory: string, seed: string): string {
  const path = copyModel(basePath, directory);
  const mask = Number.parseInt(hashBytes(seed).slice(0, 2), 16) | 1;
  const file = openSync(path, "r+");
  try {
    const prefix = new Uint8Array(prefixBytes);
    readSync(file, prefix, 0, prefixBytes, 0);
    const byte = new Uint8Array(1);
    const { size } = fstatSync(file);
    for (let at = prefixBytes + headerLength(prefix); at < size; at += strideBytes) {
      readSync(file, byte, 0, 1, at);
      byte[0] = (byte[0] ?? 0) ^ mask;
      writeSync(file, byte, 0, 1, at);
    }
  } finally {
    closeSync(file);
  }
  return path;
}
