import { evaluate } from "./evaluate.js";
import type { Kind } from "./kind.js";
import { levels } from "./levels.js";
import { query } from "./query.js";
import { train } from "./train.js";

/** Every kind of work that this release knows. */
export const kinds: readonly Kind[] = [train, evaluate, query, levels];

/** The kind of a name among some; undefined for one that is not known there. */
export const findKind = (among: readonly Kind[], name: string): Kind | undefined =>
  among.find((kind) => kind.name === name);
