import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Policy } from "./rules.js";

/** The name of the file whose being there pauses the agent. */
const pauseFile = "pause";

/** Whether the site has paused its agent, asked anew each time: one look at the file system, some microseconds. */
export function pauseSwitch(dir: string, policy: Policy): () => boolean {
  const path = join(dir, pauseFile);
  return () => policy.pause || existsSync(path);
}
