import assert from "node:assert/strict";
import { join } from "node:path";
import type { Json } from "#kernel/json.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import { pointsPlan } from "../support/federation.js";
import { type Mix, MixedFederation } from "./federation.js";
import { ownCommand, type Version } from "./program.js";

/*
 * `npm run test:versions` (scripts/test-versions.mjs) runs this with the built command of another version and an empty folder. Hubs and
 * agents of both versions train together, and come to the models that this version comes to alone. Exit 0 when all have.
 */

/** A mix, and what each becomes when the hub is killed in the middle; left out: as it is. */
interface Case {
  readonly name: string;
  readonly before: Mix;
  readonly after?: Mix;
}

const mix = (hub: Version, ...agents: readonly Version[]): Mix => ({ hub, agents });

const cases: readonly Case[] = [
  { name: "a new hub, an old agent and a new one", before: mix("new", "old", "new") },
  { name: "an old hub, an old agent and a new one", before: mix("old", "old", "new") },
  {
    name: "a hub that is upgraded in the middle, an old agent and a new one",
    before: mix("old", "old", "new"),
    after: mix("new", "old", "new"),
  },
  {
    name: "a new hub, and agents one of which is upgraded in the middle",
    before: mix("new", "old", "old"),
    after: mix("new", "new", "old"),
  },
];

const head = { dsl: "1.0.3", namespace: "test", version: "1.0.0" };
const training: Json = {
  document: { ...head, name: "training" },
  do: [{ train: { call: "fed.train:1.0.0@default", with: pointsPlan } }],
};

/** Rounds that a workflow asks for one by one, and an evaluation. */
function steps(): Json {
  const round = Object.fromEntries(Object.entries(pointsPlan).filter(([key]) => key !== "rounds"));
  const { dataset, deadline, grace } = pointsPlan;
  const call = "fed.round:1.0.0@default";
  const model = "${ .model }";
  return {
    document: { ...head, name: "steps" },
    do: [
      { first: { call, with: { ...round, name: "steps" } } },
      { second: { call, with: { ...round, model } } },
      { measure: { call: "fed.evaluate:1.0.0@default", with: { dataset, deadline, grace, model } } },
    ],
  };
}

/** What is compared: the models and what the sites say of them. */
const modelsOf = ({ rounds }: Run__Output) =>
  rounds.map(({ round, state, model, samples, metrics }) => ({
    ...{ round, state, samples, metrics },
    model: model?.sha256 ?? "",
  }));

type Models = readonly ReturnType<typeof modelsOf>[];

/** Both workflows; in the second round of the training the hub is killed once, and who is upgraded then is too. */
async function federate(
  old: string,
  dir: string,
  { before, after = before }: Case,
  kill = true,
): Promise<Models> {
  await using federation = await MixedFederation.start({ old, new: ownCommand }, dir, before);
  let killed = !kill;
  const trained = await federation.run(training, async ({ type, round }) => {
    if (killed || type !== "assignment.delivered" || round !== 2) return;
    killed = true;
    await federation.restart("hub", after.hub);
    for (const [at, version] of after.agents.entries())
      if (version !== before.agents[at]) await federation.restart(`site-${at + 1}`, version);
  });
  assert.ok(killed, "the hub was not killed");
  const stepped = await federation.run(steps(), () => Promise.resolve());
  for (const run of [trained, stepped]) {
    assert.equal(run.state, "completed", run.errorText);
    for (const { site, round, state, attempt, ...more } of run.rounds.flatMap((one) =>
      one.assignments.map((assignment) => ({ ...assignment, round: one.round })),
    ))
      assert.deepEqual([state, attempt], ["delivered", 1], `${site} in round ${round}: ${more.reason}`);
  }
  return [modelsOf(trained), modelsOf(stepped)];
}

async function main(old: string, dir: string): Promise<number> {
  let alone: Models | undefined;
  let failed = 0;
  const run = async (name: string, work: () => Promise<void>): Promise<void> => {
    const startedMs = performance.now();
    const fault = await work().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (fault !== undefined) failed += 1;
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`${fault === undefined ? "✔" : "✘"} ${name} (${seconds} s)\n`);
    if (fault !== undefined) process.stdout.write(`  ${fault.replaceAll("\n", "\n  ")}\n`);
  };
  await run("new alone, undisturbed: the models of all others", async () => {
    const undisturbed = { name: "", before: mix("new", "new", "new") };
    alone = await federate(old, join(dir, "alone"), undisturbed, false);
  });
  for (const [at, one] of cases.entries()) {
    await run(`${one.name}; the hub is killed once`, async () => {
      assert.deepEqual(await federate(old, join(dir, `mix-${at + 1}`), one), alone);
    });
  }
  process.stdout.write(`${cases.length + 1 - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

const [old, dir, ...more] = process.argv.slice(2);
if (old === undefined || dir === undefined || more.length > 0) {
  process.stderr.write("Usage: node dist/test/versions/main.js OLD-COMMAND FOLDER\n");
  process.exitCode = 2;
} else process.exitCode = await main(old, dir);
