/** The forms of steps that share most words with a text, the best first; none when too few do. */
export function closest(text: string, forms: readonly string[]): string[] {
  const words = wordsOf(text);
  return forms
    .map((form) => ({ form, score: likeness(words, wordsOf(form)) }))
    .filter(({ score }) => score >= 0.5)
    .sort((one, other) => other.score - one.score)
    .slice(0, 1)
    .map(({ form }) => `\`${form}\``);
}

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[a-z0-9]+/g) ?? []);

/** Dice's coefficient of two sets of words. */
function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const shared = [...one].filter((word) => other.has(word)).length;
  return (2 * shared) / Math.max(1, one.size + other.size);
}
