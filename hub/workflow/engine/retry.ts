import type { TasksTable } from "#hub/store/schema.js";
import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import type { Payloads } from "./payloads.js";

/** What a run needs to begin anew at a task: the input and the context that the task had. */
export async function retryFrom(
  payloads: Payloads,
  task: TasksTable,
): Promise<{ ref: string; input: Json; context: Json }> {
  if (task.input === null || task.context === null) {
    throw new ComityError("TASK_NOT_FOUND", `The input of task ${task.name} was not kept.`, {
      hint: "Go on from a task before it.",
    });
  }
  return {
    ref: task.ref,
    input: await payloads.unpack(task.input),
    context: await payloads.unpack(task.context),
  };
}
