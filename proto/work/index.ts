import { evaluate } from "./evaluate.js";
import type { Kind } from "./kind.js";
import { train } from "./train.js";

/** Every kind of work that this release knows. */
export const kinds: readonly Kind[] = [train, evaluate];

/** The kind of a name; undefined for one that this release does not know. */
export const findKind = (name: string): Kind | undefined => kinds.find((kind) => kind.name === name);
