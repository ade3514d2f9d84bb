import type { Json } from "#kernel/json.js";
import { pointerPart } from "#kernel/json-pointer.js";
import { callOf } from "../../definition/call-model.js";
import type { CallTask } from "../../definition/model.js";
import { callArgument } from "../call-argument.js";
import { type Asking, fill } from "../dataflow.js";
import { fault } from "../errors.js";
import type { View } from "../scope.js";
import { type Next, wait } from "./next.js";

/** `call`: a protocol or a function of a catalogue is an effect; a function of the workflow is a task that runs inside this one. */
export function* startCall(view: View, task: CallTask): Asking<Next> {
  const { draft, id } = view;
  const call = callOf(task);
  switch (call.kind) {
    case "asyncapi":
    case "a2a":
      throw fault("configuration", `call: ${call.kind} is not supported by this hub`);
    case "http":
    case "openapi":
    case "grpc":
    case "mcp":
      draft.startEffect(id, call.kind, yield* callArgument(view, call.kind, task.with ?? {}));
      return wait;
    case "function": {
      const ref = `/use/functions/${pointerPart(task.call)}`;
      if (draft.program.steps.has(ref)) return yield* callFunction(view, ref, task.with);
      if (call.version === undefined)
        throw fault(
          "configuration",
          `There is no function ${task.call}`,
          "A function stands in use.functions, or is called with its version and catalogue: name:1.0.0@default.",
        );
      draft.startEffect(id, task.call, yield* fill(view, task.with ?? {}));
      return wait;
    }
  }
}

/** The function's input is what `with` gives; without it, the input of the call. */
function* callFunction(view: View, ref: string, argument: Json | undefined): Asking<Next> {
  return { is: "task", ref, ...(argument === undefined ? {} : { raw: yield* fill(view, argument) }) };
}
