import assert from "node:assert/strict";
import type { Run } from "#hub/runs/model.js";
import type { SiteId } from "#kernel/ids.js";
import { workflowOf } from "./engines.js";
import {
  assertAskedOnce,
  assertBlobs,
  assertFeeds,
  assertNothingOpen,
  type Outcome,
  outcomeOf,
  withoutNumbers,
} from "./federated-outcome.js";
import type { FederatedWorld, WorldHub } from "./federated-world.js";
import type { SiteRole } from "./memory-site.js";

/** A workflow with calls of federated functions, and the sites that answer. */
export interface FederatedCase {
  readonly name: string;
  /** The tasks, in YAML. */
  readonly tasks: string;
  readonly roles: readonly SiteRole[];
  /** Its calls run side by side: who commits first gives the numbers of rounds. */
  readonly parallel?: true;
  /** Sites are there before a hub goes on: see `WorldSettings`. */
  readonly sitesFirst?: boolean;
}

export const siteId = (name: string) => `acme/${name}` as SiteId;

/** Three sites that do what they are asked for. */
export const steadyRoles: readonly SiteRole[] = [
  { site: siteId("a"), rows: 40 },
  { site: siteId("b"), rows: 60 },
  { site: siteId("c"), rows: 80 },
];

/** The same, with something else to do for one of them. */
export const rolesWith = (
  deeds: Readonly<Record<string, NonNullable<SiteRole["deed"]>>>,
): readonly SiteRole[] =>
  steadyRoles.map((role) => {
    const deed = deeds[role.site];
    return deed === undefined ? role : { ...role, deed };
  });

/** Keys that say which data, and what of the sites is enough. */
export const pointsData = "dataset: { labels: { dataset: points } }, quorum: { min: 2 }";
/** A model of 372 bytes. */
export const smallModel = "{ name: mlp, input: [4], classes: 2, hidden: [3] }";
/** A model of some 90 KiB: it lies in files. */
export const largeModel = "{ name: mlp, input: [100], classes: 2, hidden: [220] }";

/** A call of `fed.train`, for a task: three rounds, unless `more` says something else. */
export const trainCall = (name: string, more = "rounds: 3", model = smallModel): string =>
  `{ call: "fed.train:1.0.0@default", with: { name: ${name}, ${pointsData}, model: ${model}, ${more} } }`;

/** A training of three rounds by three sites, of whom two must answer. */
export const training: FederatedCase = {
  name: "a training",
  tasks: `  - train: ${trainCall("points")}\n`,
  roles: steadyRoles,
};

/** All three must answer, and one cannot in the second round of the first call. */
export const failingTraining: FederatedCase = {
  name: "a training that fails",
  tasks: training.tasks.replace("quorum: { min: 2 }", "quorum: { min: 3 }"),
  roles: rolesWith({
    "acme/b": ({ assignment: { effect, kind, round } }) =>
      effect === "e1" && kind === "train" && round === 2
        ? { fail: "It is broken.", retryable: false }
        : "answer",
  }),
};

/** The run of a case; the same run, if it is there already: a caller whose call was cut off makes it again. */
export const startCase = (hub: WorldHub, { tasks }: Pick<FederatedCase, "tasks">): Promise<Run> =>
  hub.start(workflowOf(tasks), { key: "once" });

/**
 * Has the hubs of a world gone, looks at all that they have left, and tells what has come of the run. `swept`: the last one has started anew
 * before.
 */
export async function finished(
  world: FederatedWorld,
  run: Run,
  { parallel = false, swept = false }: { readonly parallel?: boolean; readonly swept?: boolean } = {},
): Promise<Outcome> {
  await world.stopHubs();
  const last = await world.hub();
  if (swept) await last.open([]);
  await last.verifyAll();
  await assertNothingOpen(world);
  await assertFeeds(world);
  await assertBlobs(world);
  assertAskedOnce(world);
  const outcome = await outcomeOf(world, last, run.id);
  return parallel ? withoutNumbers(outcome) : outcome;
}

/** Lets a case go to its end on a world of its own, or goes on with it there. */
export async function playThrough(world: FederatedWorld, of: FederatedCase): Promise<Outcome> {
  const hub = await (await world.hub()).open();
  const run = await startCase(hub, of);
  await hub.until(run.id);
  return finished(world, run, of);
}

/** Asserts that a run has come to the same as an undisturbed one. */
export function assertSame(outcome: Outcome, undisturbed: Outcome, where = ""): void {
  assert.equal(outcome.state, undisturbed.state, where);
  assert.deepEqual(outcome, undisturbed, where === "" ? undefined : new Error(where));
}
