import type { WorkflowFunction } from "#hub/workflow/function.js";
import type { Watch } from "./mortal.js";

/** Why a call is made anew. */
const forgotten = new Error("it has forgotten all");

/** Has each call forget whatever it has in memory, after every commit of its hub: it goes on from its rows alone. */
export class Forgetful {
  /** How often a call has forgotten. */
  times = 0;
  readonly #underWay = new Set<AbortController>();

  readonly watch: Watch = {
    after: () => {
      for (const control of this.#underWay) control.abort(forgotten);
    },
  };

  readonly around = (fn: WorkflowFunction): WorkflowFunction => ({
    ...fn,
    perform: async (argument, caller, signal) => {
      for (;;) {
        const control = new AbortController();
        const end = () => control.abort(signal.reason);
        signal.addEventListener("abort", end, { once: true });
        this.#underWay.add(control);
        try {
          signal.throwIfAborted();
          return await fn.perform(argument, caller, control.signal);
        } catch (error) {
          if (error !== forgotten) throw error;
          this.times += 1;
        } finally {
          this.#underWay.delete(control);
          signal.removeEventListener("abort", end);
        }
      }
    },
  });
}
