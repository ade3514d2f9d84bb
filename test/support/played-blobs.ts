import assert from "node:assert/strict";
import type { Folded } from "#hub/federated/round.js";
import type { FoldSpec } from "#hub/federated/script.js";
import { foldHere } from "#hub/fold/here.js";
import type { Bytes } from "#hub/fold/job.js";
import { hashBytes } from "#kernel/files.js";
import type { Sha256 } from "#kernel/ids.js";
import { type Json, jsonForm } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import { jobOf } from "./folds.js";

/** Blobs in memory, and what folds make of them: small ones, as files are for hubs. */
export class PlayedBlobs {
  readonly #blobs = new Map<Sha256, Uint8Array>();

  put(bytes: Uint8Array): BlobRef {
    const sha256 = hashBytes(bytes);
    this.#blobs.set(sha256, Uint8Array.from(bytes));
    return { sha256, sizeBytes: bytes.length };
  }

  /** The bytes of every blob. */
  all(): readonly Uint8Array[] {
    return [...this.#blobs.values()];
  }

  bytesOf({ sha256 }: BlobRef): Uint8Array {
    const bytes = this.#blobs.get(sha256);
    assert.ok(bytes !== undefined, `nobody has brought the blob ${sha256}`);
    return bytes;
  }

  /** What a fold comes to, done as a hub does it. */
  fold({ folder, options, over, groups = {}, with: others = {} }: FoldSpec): Folded {
    const inline = (blob: BlobRef): Bytes => ({ inline: this.bytesOf(blob) });
    const common = others["base"]?.sha256;
    const answers = over
      .flatMap((one) => one.answers)
      .map(({ samples, figures, stale, value, tensors, base }) => ({
        samples,
        figures,
        stale,
        bytes: tensors && inline(tensors),
        value: (value ?? null) as Json,
        ...(base !== undefined && common !== undefined && base.sha256 !== common && { base: inline(base) }),
      }));
    const given = Object.entries(others).flatMap(([name, blob]) =>
      blob === undefined ? [] : [[name, inline(blob)] as const],
    );
    const population = over[0]?.population ?? 0;
    const job = { folder, options, answers, groups, with: Object.fromEntries(given), population };
    const { blobs, figures, value } = foldHere(jobOf({ ...job, outPath: "/nowhere" }));
    const made = Object.entries(blobs).map(([name, blob]) => {
      assert.ok("inline" in blob, `${folder} has made a large blob`);
      return [name, this.put(blob.inline)] as const;
    });
    return jsonForm({ is: "folded", blobs: Object.fromEntries(made), figures, value }) as unknown as Folded;
  }
}
