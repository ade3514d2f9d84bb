import type { Json } from "#kernel/json.js";
import type { EmitTask } from "../../definition/model.js";
import { type Asking, fill } from "../dataflow.js";
import { fault } from "../errors.js";
import type { CloudEvent } from "../model.js";
import type { View } from "../scope.js";
import { done, type Next } from "./next.js";

/** Attributes of CloudEvents 1.0 that are texts. */
const texts = ["id", "source", "type", "time", "subject", "datacontenttype", "dataschema"] as const;

/** `emit`: publishes an event, and gives it as the output. What is not given follows from the run and the journal's time. */
export function* startEmit(view: View, task: EmitTask): Asking<Next> {
  const { draft, id } = view;
  const { namespace, name } = draft.program.workflow.document;
  const given = (yield* fill(view, task.emit.event.with as Json)) as Readonly<Record<string, Json>>;
  const event = {
    id: `${draft.state.info.id}/${id}`,
    source: `/workflows/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`,
    time: new Date(draft.nowMs).toISOString(),
    ...given,
    specversion: "1.0",
  };
  check(event);
  draft.command({ type: "event.publish", event: event as unknown as CloudEvent });
  return done(event);
}

function check(event: Readonly<Record<string, Json>>): void {
  for (const name of texts) {
    const value = event[name];
    const required = name === "type" || name === "id" || name === "source";
    if (typeof value === "string" ? value !== "" : value === undefined && !required) continue;
    throw fault(
      "expression",
      `The event to emit has a wrong ${name}`,
      `It must be a text, and is ${JSON.stringify(value ?? null).slice(0, 80)}.`,
    );
  }
}
