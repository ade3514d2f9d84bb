import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { after, describe, it } from "mocha";
import type { Workflow } from "#hub/workflow/definition/model.js";
import { interpretSafely } from "#hub/workflow/engine/batch-draft.js";
import { memoryPayloads } from "#hub/workflow/engine/payload-stores.js";
import { ofState, Payloads } from "#hub/workflow/engine/payloads.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import type { JournalEvent, RunState } from "#hub/workflow/interpreter/model.js";
import { compile } from "#hub/workflow/interpreter/program.js";
import { transition } from "#hub/workflow/interpreter/run.js";
import { SchemaChecker } from "#hub/workflow/schema/checker.js";
import { hashBytes } from "#kernel/files.js";
import { root } from "#test/support/pages.js";

/** What release 0.1 made its transitions by. */
const format = 1;

/** A run as release 0.1 has journalled it. */
interface RecordedRun {
  readonly name: string;
  /** The digest of the definition that it begins with here. */
  readonly workflow: string;
  readonly definitions: Readonly<Record<string, Workflow>>;
  /** What the kept journal begins after: nothing, or what had been folded. */
  readonly base: { readonly seq: number; readonly state: RunState | null };
  /** What happened, and the digest of the state that it led to. */
  readonly transitions: readonly { readonly event: JournalEvent; readonly state: string }[];
  readonly final: RunState;
}

const packed = gunzipSync(await readFile(`${root}test/data/journals-0.1.json.gz`));
const { runs } = JSON.parse(packed.toString()) as { runs: readonly RecordedRun[] };

/**
 * A hub that is upgraded goes on with the journals of before, and `run verify` plays them again: whatever release 0.1 has journalled
 * leads to the same states for ever, digest by digest. What a state gets in a later release it gets by new events only.
 */
describe("journals of release 0.1", function () {
  this.timeout(60_000);
  const expressions = new JqExpressions();
  const schemas = new SchemaChecker();
  const answering = { expressions, schemas };
  after(() => Promise.all([expressions.close(), schemas.close()]));

  for (const { name, workflow, definitions, base, transitions, final } of runs) {
    it(name, async () => {
      const payloads = new Payloads(memoryPayloads());
      const programOf = (sha256: string) => {
        const program = compile(definitions[sha256] ?? assert.fail(`there is no definition ${sha256}`));
        return (state: RunState | undefined, event: JournalEvent) =>
          transition(program, state, event, format, answering);
      };
      let interpret = programOf(workflow);
      let state = base.state ?? undefined;
      for (const [at, { event, state: digest }] of transitions.entries()) {
        if (event.type === "run.retried" && event.definition !== undefined)
          interpret = programOf(event.definition);
        ({ state } = await interpretSafely(interpret, state, event, format));
        const text = payloads.pack(state, ofState).text;
        const where = `transition ${base.seq + at + 1}, ${event.type}`;
        assert.equal(hashBytes(text), digest, `${where}, leads to another state:\n${text}`);
      }
      assert.deepEqual(state, final);
    });
  }
});
