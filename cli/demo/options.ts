import type { Kill } from "./kills.js";

/** How the digits are shared out. */
export type SplitName = "iid" | "dirichlet" | "shards";

/** What `comity demo` was asked for. */
export interface DemoOptions {
  /** Training digits in all. */
  readonly rows: number;
  readonly split: SplitName;
  readonly sites: number;
  readonly rounds: number;
  /** Passes of each site over its own digits in each round. */
  readonly epochs: number;
  readonly seed: number;
  /** Everything is kept in this folder. */
  readonly keep?: string;
  readonly json?: true;
  readonly kill: readonly Kill[];
}
