import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { makeDirectory, writeFileAtomic } from "#kernel/files.js";
import type { DatasetConfigInput } from "#node-agent/data/config.js";
import type { Digits } from "./mnist.js";

/** The digits of one site, as its agent.yaml names them. */
export const digitsDataset: DatasetConfigInput = {
  name: "digits",
  connector: "csv",
  path: "data/train.csv",
  test: "data/test.csv",
  columns: { label: { type: "category", classes: 10 }, "pixel*": { type: "integer", divide: 255 } },
  target: "label",
  labels: { dataset: "digits" },
};

/** Writes one site's share into its own folder, as the files of its own connector: all that its agent will ever see. */
export async function writeSiteData(
  directory: string,
  train: Digits,
  trainRows: Uint32Array,
  test: Digits,
  testRows: Uint32Array,
): Promise<void> {
  await makeDirectory(join(directory, "data"));
  await writeFile(join(directory, "data/train.csv"), csv(train, trainRows), { mode: 0o600 });
  await writeFile(join(directory, "data/test.csv"), csv(test, testRows), { mode: 0o600 });
}

/** Names the digits in the agent.yaml that `comity agent join` has written, as the site's people would by hand. */
export async function writeSiteConfig(directory: string): Promise<void> {
  const path = join(directory, "agent.yaml");
  const config = parseDocument(await readFile(path, "utf8"));
  config.set("datasets", [digitsDataset]);
  await writeFileAtomic(path, config.toString());
}

/** Pictures as CSV: `label,pixel0,pixel1,…`, one picture a line. */
export function csv(digits: Digits, rows: Uint32Array): Uint8Array {
  const { pixelsEach } = digits;
  const header = `label,${Array.from({ length: pixelsEach }, (_, at) => `pixel${at}`).join(",")}\n`;
  const longestLine = 2 + pixelsEach * 4;
  const bytes = Buffer.alloc(header.length + rows.length * longestLine);
  let end = bytes.write(header, "latin1");
  for (const row of rows) {
    end = writeNumber(bytes, end, digits.labels[row] ?? 0);
    for (let at = row * pixelsEach; at < (row + 1) * pixelsEach; at++) {
      bytes[end++] = comma;
      end = writeNumber(bytes, end, digits.pixels[at] ?? 0);
    }
    bytes[end++] = lineFeed;
  }
  return bytes.subarray(0, end);
}

const comma = 0x2c;
const lineFeed = 0x0a;
const zero = 0x30;

/** Writes a number from 0 to 255 in decimal digits; 16 million of them would be slow as strings. */
function writeNumber(bytes: Uint8Array, start: number, value: number): number {
  let end = start;
  if (value >= 100) bytes[end++] = zero + Math.floor(value / 100);
  if (value >= 10) bytes[end++] = zero + (Math.floor(value / 10) % 10);
  bytes[end++] = zero + (value % 10);
  return end;
}
