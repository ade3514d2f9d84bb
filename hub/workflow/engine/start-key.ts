import { findKeyed, type StartContent, workflowBody } from "#hub/store/runs.js";
import type { Db } from "#hub/store/schema.js";
import { type Workflow, workflowTitle } from "#hub/workflow/definition/model.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import { canonicalJson, type Json } from "#kernel/json.js";

/** The name of a start, and what it stands for; an occasion stands for whatever came first. */
export interface StartKey {
  readonly key: string;
  readonly content?: StartContent;
}

/** What tells a start from others. */
export interface NamedStart {
  /** The caller's own name for the start: a second start of the same with it gives the same run, one of anything else is refused. */
  readonly key?: string;
  /** In place of a key, for what no person starts: it has one run, also when a newer version is asked for the second time. */
  readonly occasion?: string;
  readonly input: Json;
}

/** The key of a start of a workflow with this digest. */
export function startKey({ key, occasion, input }: NamedStart, workflowSha256: Sha256): StartKey | undefined {
  if (key === undefined) return occasion === undefined ? undefined : { key: occasion };
  return { key, content: { workflowSha256, inputSha256: hashBytes(canonicalJson(input)) } };
}

/** The run that has a key. Throws `KEY_REUSED` when it was started with something else. */
export async function runOfKey(db: Db, { key, content }: StartKey): Promise<RunId | undefined> {
  const found = await findKeyed(db, key);
  if (found?.content === undefined || content === undefined) return found?.runId;
  const { runId, content: first } = found;
  const differs = [
    ...(first.workflowSha256 === content.workflowSha256
      ? []
      : [`another workflow (${await nameOf(db, first.workflowSha256)})`]),
    ...(first.inputSha256 === content.inputSha256 ? [] : ["another input"]),
  ];
  if (differs.length === 0) return runId;
  throw new ComityError(
    "KEY_REUSED",
    `The key ${JSON.stringify(key)} belongs to run ${runId}, which was started with ${differs.join(" and ")}.`,
    {
      hint: `\`comity run show ${runId}\` shows that run. Take a new key for another start; repeat an old start unchanged.`,
    },
  );
}

/** The title alone does not tell two texts apart that nobody has published. */
async function nameOf(db: Db, sha256: Sha256): Promise<string> {
  const title = workflowTitle(JSON.parse(await workflowBody(db, sha256)) as Workflow);
  return `${title}, ${sha256.slice(0, 12)}`;
}
