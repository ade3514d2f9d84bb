import assert from "node:assert/strict";
import type { Run } from "#hub/runs/model.js";
import type { Outcome } from "./federated-outcome.js";
import { type FederatedCase, finished, startCase } from "./federated-runs.js";
import { FederatedWorld, type SharedParts } from "./federated-world.js";
import type { Death, Watch } from "./mortal.js";

/** What has come of a case whose first hub was killed, or not. */
export interface Killed {
  readonly outcome: Outcome;
  /** Transactions that the first hub has begun. */
  readonly commits: number;
}

/** How a case is played besides. */
interface Playing {
  /** Looks on at every hub. */
  readonly watch?: Watch;
  /** Looks at the world when all is over. */
  readonly look?: (world: FederatedWorld, run: Run) => Promise<void>;
}

/** Plays a case; its first hub dies as told, the next goes on. */
export async function playKilled(
  shared: SharedParts,
  of: FederatedCase,
  death?: Death,
  { watch = {}, look }: Playing = {},
): Promise<Killed> {
  await using world = await FederatedWorld.make(shared, of.roles, { sitesFirst: of.sitesFirst });
  const first = await world.hub({ death, watch });
  const { mortal } = first;
  let run: Run | undefined;
  try {
    run = await startCase(await first.open(), of);
    await Promise.race([first.until(run.id), mortal.died]);
  } catch (error) {
    if (!mortal.dead) throw error;
  }
  await first.stop();
  const { commits } = mortal;
  if (death !== undefined || run === undefined) {
    const next = await (await world.hub({ watch })).open();
    run = await startCase(next, of);
    await next.until(run.id);
  }
  const outcome = await finished(world, run, of);
  await look?.(world, run);
  return { outcome, commits };
}

/** Every death that a case of so many commits can die. */
export function* deathsOf(commits: number): Generator<Death> {
  for (let commit = 1; commit <= commits; commit++) {
    yield { commit, side: "before" };
    yield { commit, side: "after" };
  }
}

/**
 * Plays a case as it is, and once more for every death of its hub; `check` is handed what has come of each, and of the undisturbed one.
 * The same commits must be reached, but for a few.
 */
export async function killedEverywhere(
  play: (death?: Death) => Promise<Killed>,
  check: (killed: Outcome, whole: Outcome) => void = (killed, whole) => assert.deepEqual(killed, whole),
): Promise<void> {
  const whole = await play();
  assert.equal(whole.outcome.state, "completed", JSON.stringify(whole.outcome.calls));
  let deaths = 0;
  for (const death of deathsOf(whole.commits)) {
    try {
      const killed = await play(death);
      if (killed.commits === death.commit) deaths++;
      check(killed.outcome, whole.outcome);
    } catch (error) {
      throw new Error(`killed ${death.side} commit ${death.commit} of ${whole.commits}`, { cause: error });
    }
  }
  // How changes share commits differs a little from run to run: the last commits may not be reached.
  assert.ok(deaths > whole.commits, `${deaths} deaths in ${whole.commits} commits`);
}
