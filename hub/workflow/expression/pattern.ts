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

/** Whether the whole text fits a pattern; what is no pattern fits nothing. */
export function fitsPattern(source: string, text: string): boolean {
  try {
    return isPattern(source) && pattern(source).matches(text);
  } catch {
    return false;
  }
}
