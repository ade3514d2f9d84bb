import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "mocha";
import type { Json } from "#kernel/json.js";
import { chooseBackend } from "#node-agent/training/backends.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import { root } from "#test/support/pages.js";
import { Federation } from "../support/federation.js";
import { skipBecause } from "../support/skip.js";

/** What real agents and a real hub of release 0.1 have made of some workflows, with the data of {@link Federation}. */
interface Digests {
  /** The back end that all agents had: another one rounds otherwise. */
  readonly backend: string;
  readonly sites: number;
  readonly cases: readonly {
    readonly name: string;
    readonly workflow: Json;
    readonly rounds: readonly unknown[];
    readonly output: Json;
  }[];
}

const digests = JSON.parse(await readFile(`${root}test/data/digests-0.1.json`, "utf8")) as Digests;

/** Each round's number, sites, rows and figures, and the digest of its model. */
const roundsOf = ({ rounds }: Run__Output) =>
  rounds.map(({ round, model, samples, metrics, assignments }) => ({
    round,
    sites: assignments.map(({ kind, site }) => `${kind} ${site}`),
    samples,
    metrics,
    model: model?.sha256 ?? "",
  }));

function outputOf({ outputJson }: Run__Output): Json {
  const output = JSON.parse(outputJson) as Record<string, Json>;
  // How long it took is another thing each time.
  return Object.fromEntries(Object.entries(output).filter(([key]) => key !== "seconds"));
}

describe("models of release 0.1", function () {
  this.timeout(120_000);
  let federation: Federation | undefined;

  before(async function () {
    // The agents choose as this process does.
    const { backend } = await chooseBackend();
    if (backend !== digests.backend)
      skipBecause(
        this,
        `the digests are those of the back end ${digests.backend}, and here it is ${backend}`,
      );
    federation = await Federation.start({ sites: digests.sites });
  });
  after(async () => {
    await federation?.[Symbol.asyncDispose]();
  });

  for (const { name, workflow, rounds, output } of digests.cases) {
    it(`are made again, bit for bit: ${name}`, async () => {
      assert(federation);
      const { run } = await federation.run({ workflowSource: JSON.stringify(workflow) });
      assert.equal(run.state, "completed", run.errorText);
      assert.deepEqual(roundsOf(run), rounds);
      assert.deepEqual(outputOf(run), output);
    });
  }
});
