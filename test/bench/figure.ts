import type { Bench } from "./bench.js";

/** What was measured: the figure itself, and a sentence on what lies behind it. */
export interface Measured {
  readonly value: number;
  readonly detail: string;
  /** A second condition that was not held, as a sentence: then the figure is missed whatever its value. */
  readonly missed?: string;
}

/** One figure of the table. */
export interface Figure {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  /** What is to be reached. */
  readonly reach: number;
  /** Whether the figure must be at most, or at least, `reach`. */
  readonly sense: "at most" | "at least";
  /** What others need for the same. */
  readonly comparison: string;
  measure(bench: Bench): Promise<Measured>;
}

/** Whether a value is good enough. */
export function reaches({ sense, reach }: Figure, value: number): boolean {
  return sense === "at most" ? value <= reach : value >= reach;
}

/** The middle of some numbers; of an even count, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error("There is no median of nothing.");
  return (low + high) / 2;
}

/** The differences between each number and the one before. */
export function steps(values: readonly number[]): number[] {
  return values.slice(1).map((value, at) => value - (values[at] ?? value));
}
