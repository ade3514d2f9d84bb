import type { TasksTable } from "#hub/store/schema.js";
import type { WorkflowError } from "#hub/workflow/interpreter/model.js";
import { pointerKeys } from "#kernel/json-pointer.js";
import { expectEqual, expectError, Unmet } from "../values.js";
import type { World } from "../world.js";
import { stateOf } from "./kit.js";
import { numberIn, type StepArgument, type StepRule, step, value, word } from "./rule.js";

/** The steps about one task: those of the kit, then ours. */
export const taskSteps: readonly StepRule[] = [
  step("NAME should run first", async (world, argument) => {
    const { ref, others } = await order(world, argument);
    const [first] = others.filter((other) => !isAround(other, ref));
    if (first !== ref) throw new Unmet(`${first ?? "Nothing"} began first, not ${ref}.`);
  }),
  step("NAME should run last", async (world, argument) => {
    const { ref, others } = await order(world, argument);
    const last = others.filter((other) => !isAround(ref, other)).at(-1);
    if (last !== ref) throw new Unmet(`${last ?? "Nothing"} began last, not ${ref}.`);
  }),
  step("NAME should run before | after OTHER", async (world, argument) => {
    const { ref, others } = await order(world, argument);
    const other = (await world.task(word(argument, "OTHER"))).ref;
    const [mine, theirs] = [others.indexOf(ref), others.indexOf(other)];
    const before = word(argument, "choice").toLowerCase() === "before";
    if (mine < 0 || theirs < 0) throw new Unmet(`${mine < 0 ? ref : other} did not run.`);
    if (before ? mine >= theirs : mine <= theirs) {
      const [first, second] = mine < theirs ? [ref, other] : [other, ref];
      throw new Unmet(`${first} began before ${second}.`);
    }
  }),
  step("NAME should complete with output", async (world, argument) => {
    const task = await expectTask(world, argument, "completed");
    const output = task.output === null ? undefined : await world.hub.local.engine.unpack(task.output);
    expectEqual(output, value(argument), `The output of ${task.name}`);
  }),
  step("NAME should fault with error", async (world, argument) => {
    const task = await expectTask(world, argument, "failed");
    const error = task.error === null ? undefined : (JSON.parse(task.error) as WorkflowError);
    expectError(error, value(argument), `The error of ${task.name}`);
  }),
  step("NAME should complete | fault | cancel", async (world, argument) => {
    await expectTask(world, argument, stateOf(word(argument, "choice")));
  }),

  step("NAME should be running | waiting | retrying | skipped", async (world, argument) => {
    await expectTask(world, argument, word(argument, "choice").toLowerCase());
  }),
  step("NAME should not run", async (world, argument) => {
    const name = word(argument, "NAME");
    if ((await world.begun()).some((ref) => ref === name || nameOf(ref) === name))
      throw new Unmet(`${name} has run.`);
  }),
  step("NAME should run N times", async (world, argument) => {
    const { name, passes } = await world.task(word(argument, "NAME"));
    expectEqual(passes, numberIn(argument, "N"), `The number of times that ${name} has run`);
  }),
  step("NAME should take N attempts", async (world, argument) => {
    const { name, attempts } = await world.task(word(argument, "NAME"));
    expectEqual(attempts, numberIn(argument, "N"), `The number of attempts at ${name}`);
  }),
  step("NAME should make N calls", async (world, argument) => {
    const { name, ref } = await world.task(word(argument, "NAME"));
    const calls = world.hub.functions.calls.filter((call) => call.ref === ref);
    expectEqual(calls.length, numberIn(argument, "N"), `The number of calls by ${name}`);
  }),
  step("NAME should have its call undone", async (world, argument) => {
    const { name, ref } = await world.task(word(argument, "NAME"));
    const calls = world.hub.functions.calls.filter((call) => call.ref === ref);
    if (!calls.some(({ undone }) => undone !== undefined)) throw new Unmet(`No call by ${name} was undone.`);
  }),
];

async function expectTask(world: World, argument: StepArgument, state: string): Promise<TasksTable> {
  const task = await world.task(word(argument, "NAME"));
  if (task.state !== state) throw new Unmet(`${task.name} is ${task.state}, not ${state}.`);
  return task;
}

/** The task that a step is about, and all tasks in the order in which they began for the first time. */
async function order(
  world: World,
  argument: StepArgument,
): Promise<{ ref: string; others: readonly string[] }> {
  const begun = await world.begun();
  const { ref } = await world.task(word(argument, "NAME"));
  return { ref, others: [...new Set(begun)] };
}

/** A task and those in it do not compete for the first and the last place. */
const isAround = (outer: string, inner: string): boolean => inner.startsWith(`${outer}/`);

/** The last part of a pointer, read back from its escapes. */
const nameOf = (ref: string): string => pointerKeys(ref).at(-1) ?? "";
