import type { Leading, Pass, PassEnd, Step } from "./folder.js";
import { findFolder } from "./folders.js";
import type { FoldJob } from "./job.js";
import { Sources } from "./sources.js";
import type { TileBoard } from "./tile-board.js";

/** One pass of a job, for one of the threads that share its tiles, or for one that does it alone. */
export interface Order {
  readonly job: FoldJob;
  /** What the pass before has come to. */
  readonly step: Step | undefined;
  /** Whether it uses the tiles: one thread does. */
  readonly leads: boolean;
}

/**
 * Does one pass of a job; without a board, alone. Undefined from a thread that does not lead, and when the work was stopped. Throws what
 * the folder and the file system do.
 */
export function follow({ job, step, leads }: Order, board: TileBoard | undefined): PassEnd | undefined {
  const folder = findFolder(job.folder);
  if ("run" in folder) return leads ? { done: folder.run(job) } : undefined;
  const sources = new Sources();
  try {
    const pass = folder.pass(job, step, sources);
    const shared = pass.alone === true ? undefined : board;
    if (leads) return lead(pass, shared);
    shared?.work(pass);
    return undefined;
  } finally {
    sources.close();
  }
}

function lead(pass: Pass, board: TileBoard | undefined): PassEnd | undefined {
  const leading = pass.lead();
  try {
    return useAll(pass, leading, board) ? leading.finish() : undefined;
  } finally {
    leading.abandon();
  }
}

function useAll(pass: Pass, leading: Leading, board: TileBoard | undefined): boolean {
  if (board !== undefined) return board.work(pass, (tile, index) => leading.use(tile, index));
  for (let index = 0; index < pass.tiles; index++) leading.use(pass.tile(index), index);
  return true;
}
