import { BoundedThread } from "#kernel/bounded-thread.js";
import type { Examination } from "./examine.js";

/** An honest document of 1 MiB takes a tenth of this. */
const maxExamineMs = 20_000;

const thread = new BoundedThread<string, Examination>(
  new URL("./examine-worker.js", import.meta.url),
  "definitions",
);

/**
 * Examines a text in a thread of its own, one at a time: whatever the text does to its reader, the caller's thread goes on. A text
 * that takes too long gives a finding, like any other fault.
 */
export async function examineInThread(text: string): Promise<Examination> {
  const examination = await thread.run(text, maxExamineMs);
  if (examination !== "late") return examination;
  const message = "The document takes too long to read.";
  return { findings: [{ severity: "error", code: "too-slow", message, pointer: "", line: 1, column: 1 }] };
}
