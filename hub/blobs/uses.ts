import type { AssignmentId, Sha256 } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef, CallRef } from "#kernel/refs.js";

/** Who needs a blob. It goes when nobody does. */
export const holders = {
  /** The answer to an assignment, and what its site alone was given: until it is folded, or its round or its call is over. */
  answer: (id: AssignmentId) => `answer/${id}`,
  /** What the folds of a round have made: until the round is over, and what is to stay is in the state or a model. */
  folds: ({ runId, effect }: CallRef, position: number) => `fold/${runId}/${effect}/${position}`,
  /** What the stages of a round are given: until the round is over, so that a site may fetch it as long as it is asked. */
  inputs: ({ runId, effect }: CallRef, position: number) => `inputs/${runId}/${effect}/${position}`,
  /** What the free sites of a call's streams are given now: until the call is over. */
  streams: ({ runId, effect }: CallRef) => `streams/${runId}/${effect}`,
  /** The state of a call. */
  call: ({ runId, effect }: CallRef) => `call/${runId}/${effect}`,
  /** A version of a model. */
  model: (name: string, version: number) => `model/${name}/${version}`,
} as const;

/** How the names of files begin that are on their way into the store for a call: answers of its sites, and what its folds write. */
export const stagedOf = ({ runId, effect }: CallRef): readonly string[] => [
  `${runId}.${effect}.`,
  foldFile({ runId, effect }, ""),
];

/** What a fold of a call writes into, on its way into the store. */
export const foldFile = ({ runId, effect }: CallRef, name: string): string =>
  `fold-${runId}.${effect}.${name}`;

/** The blobs that a value names: objects of a digest and a size. */
export function blobsIn(value: Json): BlobRef[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(blobsIn);
  const { sha256, sizeBytes } = value as { readonly [key: string]: Json };
  if (typeof sha256 === "string" && typeof sizeBytes === "number")
    return [{ sha256: sha256 as Sha256, sizeBytes }];
  return Object.values(value).flatMap(blobsIn);
}
