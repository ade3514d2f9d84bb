import { RE2JS } from "@bufbuild/re2";

/** Compiled patterns; those of definitions are few; a flood of them is forgotten. */
const compiled = new Map<string, RE2JS>();
const maxCompiled = 500;

/** A regular expression in the syntax of RE2, which takes linear time for every text. Throws when it is none. */
export function pattern(source: string): RE2JS {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const made = RE2JS.compile(source);
  if (compiled.size >= maxCompiled)
    for (const oldest of [...compiled.keys()].slice(0, 1)) compiled.delete(oldest);
  compiled.set(source, made);
  return made;
}

/** Whether a text of an event filter may be a pattern. A dot alone does not make it one: types and sources are full of them. */
export const isPattern = (text: string): boolean => /[\\^$*+?()[\]{}|]/.test(text);

/** Longer texts fit no pattern: each event is compared with every filter, and nobody may be held up by that. */
const maxText = 1_000;

/** How large a pattern may be with its repetitions written out. */
const maxPattern = 2_000;

/** Whether the whole text fits a pattern; what is no pattern, or is too large for one, fits nothing. */
export function fitsPattern(source: string, text: string): boolean {
  if (!isPattern(source) || text.length > maxText || sizeOf(source) > maxPattern) return false;
  try {
    return pattern(source).matches(text);
  } catch {
    return false;
  }
}

/** The most that a pattern can come to when all of it is repeated as often as its largest repetition says. */
function sizeOf(source: string): number {
  if (source.length > maxPattern) return source.length;
  const repetitions = [...source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].flatMap(([, least, most]) => [
    Number(least),
    Number(most ?? 0),
  ]);
  return source.length * Math.max(1, ...repetitions);
}
