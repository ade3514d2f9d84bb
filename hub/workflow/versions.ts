/** Orders versions as Semantic Versioning 2.0 does (section 11): below zero when `a` comes before `b`. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [split(a), split(b)];
  for (let at = 0; at < 3; at++) {
    const difference = Number(one.numbers[at] ?? 0) - Number(other.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (one.trial.length === 0 || other.trial.length === 0) return other.trial.length - one.trial.length;
  return compareTrials(one.trial, other.trial);
}

/** Build data after `+` does not count. */
function split(version: string): { numbers: readonly string[]; trial: readonly string[] } {
  const [main = ""] = version.split("+");
  const dash = main.indexOf("-");
  const numbers = (dash < 0 ? main : main.slice(0, dash)).split(".");
  return { numbers, trial: dash < 0 ? [] : main.slice(dash + 1).split(".") };
}

/** Numbers by their size and before words; who has fewer parts comes first. */
function compareTrials(one: readonly string[], other: readonly string[]): number {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const [a, b] = [one[at], other[at]];
    if (a === undefined) return -1;
    if (b === undefined) return 1;
    if (a === b) continue;
    const numbers = [/^\d+$/.test(a), /^\d+$/.test(b)] as const;
    if (numbers[0] && numbers[1]) return Number(a) - Number(b);
    if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
    return a < b ? -1 : 1;
  }
  return 0;
}
