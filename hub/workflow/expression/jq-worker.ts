import { parentPort } from "node:worker_threads";
import type { Jq } from "jq-wasm";
import { freshJq } from "./jq.js";
import { expressionLimits } from "./limits.js";
import type { Uncompilable } from "./model.js";
import { complaint } from "./program.js";

/** Work for jq: programs that are only compiled, and then perhaps one that is run. */
export interface JqRequest {
  readonly checks: readonly string[];
  readonly program: string | undefined;
  readonly input: string;
}

/** What came of it. `lines` may be fewer than the program has expressions when one of them ended jq. */
export type JqReply =
  | { readonly kind: "done"; readonly lines: readonly string[]; readonly stderr: string }
  | { readonly kind: "refused"; readonly fault: Uncompilable }
  | { readonly kind: "fault"; readonly reason: "time" | "memory" | "output"; readonly message: string };

// What jq prints when it traps is not for the hub's log: the reply has the fault.
Object.assign(console, { error: () => undefined });

let jq: Jq | undefined = await freshJq();

async function answer({ checks, program, input }: JqRequest): Promise<JqReply> {
  try {
    const runner = (jq ??= await freshJq());
    for (const check of checks) {
      const { exitCode, stderr } = runner.raw("null", check, ["-c"]);
      if (exitCode !== 0) return { kind: "refused", fault: complaint(stderr) };
    }
    if (program === undefined) return { kind: "done", lines: [], stderr: "" };
    const { stdout, stderr } = runner.raw(input, program, ["-c"]);
    // Twice: escapes may make the text longer than the value, which is measured afterwards. What is too much only
    // together comes again one by one, so that the hub's own thread never reads more than this at once.
    if (stdout.length > 2 * expressionLimits.maxBytes)
      return { kind: "fault", reason: "output", message: "The answer is too large." };
    const lines = stdout === "" ? [] : stdout.split("\n");
    return { kind: "done", lines, stderr: stderr.slice(0, expressionLimits.maxMessage) };
  } catch {
    // A trap leaves jq's memory in an unknown state: the next request gets a fresh one.
    jq = undefined;
    return { kind: "fault", reason: "memory", message: "jq ran out of memory, or of depth." };
  }
}

parentPort?.on("message", (request: JqRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});
parentPort?.postMessage("ready");
