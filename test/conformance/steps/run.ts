import { randomUUID } from "node:crypto";
import type { CloudEvent } from "#hub/workflow/interpreter/model.js";
import { isObject, type Json } from "#kernel/json.js";
import { expectEqual, shown, Unmet } from "../values.js";
import type { World } from "../world.js";
import { numberIn, type StepRule, step, text, value, word } from "./rule.js";

const units: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};
const by = "conformance";

/** Steps of ours that happen to a run, and what they lead to. */
export const runSteps: readonly StepRule[] = [
  step("the workflow is started", (world) => world.start()),
  step("N millisecond | second | minute | hour | day[s] pass[es]", (world, argument) =>
    world.hub.pass(numberIn(argument, "N") * (units[word(argument, "choice").toLowerCase()] ?? 0)),
  ),
  step("the hub is restarted", (world) => world.hub.restart()),
  step("the hub is down for N millisecond | second | minute | hour | day[s]", (world, argument) =>
    world.hub.restart(numberIn(argument, "N") * (units[word(argument, "choice").toLowerCase()] ?? 0)),
  ),
  step("another run of a workflow is executed with definition", async (world, argument) => {
    world.definition = text(argument);
    await world.execute();
  }),
  step("the workflow should have started at TIME", async (world, argument) => {
    const { startedAtMs } = await world.hub.local.engine.get(world.runId);
    expectEqual(startedAtMs, Date.parse(word(argument, "TIME")), "The time of its start");
  }),
  step("N run[s] should be started", async (world, argument) => {
    expectEqual(await world.countRuns(), numberIn(argument, "N"), "The number of runs");
    await world.turnToLast();
  }),

  step("the event is received", (world, argument) => receive(world, eventOf(value(argument)))),
  step("the same event is received again", (world) => {
    if (world.event === undefined) throw new Unmet("No step before this one receives an event.");
    return receive(world, world.event);
  }),
  step("N run[s] should take the event", (world, argument) => {
    expectEqual(world.takers, numberIn(argument, "N"), "The number of runs that took the event");
  }),
  step("N event[s] should be published", async (world, argument) => {
    await world.hub.settle();
    expectEqual(world.hub.published.length, numberIn(argument, "N"), "The number of published events");
  }),
  step("an event should be published with", async (world, argument) => {
    await world.hub.settle();
    const wanted = value(argument);
    if (!world.hub.published.some((event) => hasAll(event, wanted)))
      throw new Unmet(`No published event is like that: ${shown(world.hub.published)}`);
  }),

  step("the run is paused", (world) => steer(world, "pause")),
  step("the run is resumed", (world) => steer(world, "unpause")),
  step("the run is cancelled", (world) => steer(world, "cancel")),
  step("the run is retried", (world) => steer(world, "retry")),
  step("the run is retried from NAME", (world, argument) =>
    steer(world, "retry", { from: word(argument, "NAME") }),
  ),
  step("the run is retried with definition", (world, argument) =>
    steer(world, "retry", { definition: { text: text(argument) } }),
  ),
  step("the run is retried from NAME with definition", (world, argument) =>
    steer(world, "retry", { from: word(argument, "NAME"), definition: { text: text(argument) } }),
  ),

  step("the workflow should be running | paused", async (world, argument) => {
    await world.expectState(word(argument, "choice").toLowerCase());
  }),
  step("the workflow should be refused with REASON", (world, argument) => {
    const { refused } = world;
    if (refused === undefined) throw new Unmet("The workflow was not refused.");
    const said = `${refused.message} ${refused.hint ?? ""}`;
    if (!said.includes(word(argument, "REASON"))) throw new Unmet(`It was refused with: ${said}`);
  }),
  step("the run should take N millisecond | second | minute | hour | day[s]", async (world, argument) => {
    await world.outcome();
    const { startedAtMs, endedAtMs } = await world.hub.local.engine.get(world.runId);
    if (endedAtMs === undefined) throw new Unmet("The run is not over.");
    const unitMs = units[word(argument, "choice").toLowerCase()] ?? 1;
    expectEqual((endedAtMs - startedAtMs) / unitMs, numberIn(argument, "N"), "What the run took");
  }),
];

async function receive(world: World, event: CloudEvent): Promise<void> {
  world.event = event;
  world.takers = await world.hub.receive(event);
}

/** An event needs a type only; the rest that CloudEvents asks for is made up. */
function eventOf(given: Json): CloudEvent {
  if (!isObject(given) || typeof given["type"] !== "string") throw new Unmet("An event needs a type.");
  return {
    id: randomUUID(),
    source: "https://conformance.example.org",
    ...given,
    type: given["type"],
    specversion: "1.0",
  };
}

/** Whether a value has all that is wanted; objects may have more. */
function hasAll(actual: unknown, wanted: Json): boolean {
  if (isObject(wanted))
    return isObject(actual) && Object.entries(wanted).every(([key, inner]) => hasAll(actual[key], inner));
  return JSON.stringify(actual) === JSON.stringify(wanted);
}

type Retry = Parameters<World["hub"]["local"]["engine"]["retry"]>[0];

async function steer(
  world: World,
  what: "pause" | "unpause" | "cancel" | "retry",
  more: Pick<Retry, "from" | "definition"> = {},
): Promise<void> {
  const { hub, runId } = world;
  await hub.settle();
  const { engine } = hub.local;
  switch (what) {
    case "pause":
      await engine.pause({ runId, by, reason: "the scenario says so" });
      break;
    case "unpause":
      await engine.unpause({ runId, by });
      break;
    case "cancel":
      await engine.cancel({ runId, by, reason: "the scenario says so" });
      break;
    case "retry":
      await engine.retry({ runId, by, ...more });
      break;
  }
  await hub.settle();
}
