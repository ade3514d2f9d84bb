import type { Bench } from "./bench.js";
import type { BenchChild } from "./child.js";

const script = new URL("./engine-measure.js", import.meta.url);

/** Begins a measurement of engine-measure.ts in a process of its own, with a folder of its own, and `address` where it is one on PostgreSQL. */
export async function startApart(bench: Bench, what: string, address?: string): Promise<BenchChild> {
  const dir = await bench.folder(what);
  return bench.start(script, address === undefined ? [what, dir] : [what, dir, address]);
}

/** {@link startApart}, and what it comes to. */
export async function measureApart<Result>(bench: Bench, what: string, address?: string): Promise<Result> {
  const child = await startApart(bench, what, address);
  const { result } = await child.next("measured");
  await child.kill();
  return result as Result;
}
