import type { Part, Rows } from "./connector.js";
import { connect, type DatasetLocation } from "./datasets.js";

/** Keeps the rows that were read last, so that a dataset is read once and not once a round. */
export class RowCache {
  readonly #maxBytes: number;
  /** The oldest first. */
  readonly #entries = new Map<string, { readonly version: string; readonly rows: Rows }>();

  /** What is read last stays even if it is larger than `maxBytes`. */
  constructor(maxBytes = 2 ** 30) {
    this.#maxBytes = maxBytes;
  }

  /** The rows of one part; read again when the files have changed. Throws `DATA_INVALID`. */
  async load(location: DatasetLocation, part: Part): Promise<Rows> {
    const connector = connect(location);
    const key = JSON.stringify([location, part]);
    const version = await connector.version();
    const known = this.#entries.get(key);
    this.#entries.delete(key);
    const entry = known?.version === version ? known : { version, rows: await connector.load(part) };
    this.#entries.set(key, entry);
    this.#trim();
    return entry.rows;
  }

  #trim(): void {
    let bytes = [...this.#entries.values()].reduce((sum, { rows }) => sum + rows.features.byteLength, 0);
    for (const [key, { rows }] of this.#entries) {
      if (bytes <= this.#maxBytes || this.#entries.size === 1) return;
      this.#entries.delete(key);
      bytes -= rows.features.byteLength;
    }
  }
}
