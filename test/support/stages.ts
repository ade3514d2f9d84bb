import { type AnswerHeader, type Assignment, assignmentIdOf } from "#hub/assignments/model.js";
import type { Rule, Stage, StageKey } from "#hub/assignments/stage.js";
import type { NewAssignment } from "#hub/store/assignments.js";
import type { NewStage } from "#hub/store/stages.js";
import { type AssignmentId, parseOpId, type SiteId } from "#kernel/ids.js";
import type { CallRef } from "#kernel/refs.js";

/** A rule that asks for all, and fails without them. */
export const rule: Rule = {
  onShort: "fail",
  atLeast: 1,
  release: "together",
  waitMs: 0,
  deadlineMs: 100,
  graceMs: 30,
};

/** The stage `train` of the first round of a call, as it opens. */
export const newStage = ({ runId, effect }: CallRef, changes: Partial<NewStage> = {}): NewStage => ({
  runId,
  effect,
  position: 1,
  stage: "train",
  round: 1,
  kind: "train",
  work: { kind: "train" },
  inputs: {},
  siteState: undefined,
  rule,
  unasked: [],
  population: 0,
  openedAtMs: 1,
  waiting: 0,
  concurrency: 0,
  quiet: false,
  ...changes,
});

/** The same as a row. */
export const stageOf = (call: CallRef, changes: Partial<Stage> = {}): Stage => ({
  ...newStage(call),
  status: "open",
  closedAtMs: undefined,
  short: false,
  changes: 0,
  ...changes,
});

/** A site's assignment of a stage, as it opens. */
export const newAssignment = (
  stage: StageKey & Pick<Stage, "round" | "kind">,
  site: SiteId,
  changes: Partial<NewAssignment> = {},
): NewAssignment => {
  const { runId, effect, position, stage: name, round, kind } = stage;
  return {
    id: assignmentIdOf(stage, site),
    runId,
    effect,
    position,
    stage: name,
    round,
    kind,
    site,
    part: {},
    issued: Math.max(0, position - 1),
    stateFrom: undefined,
    deadlineAtMs: 100,
    ...changes,
  };
};

/** The same as a row. */
export const assignmentOf = (
  stage: StageKey & Pick<Stage, "round" | "kind">,
  site: SiteId,
  changes: Partial<Assignment> = {},
): Assignment => ({
  ...newAssignment(stage, site),
  state: "offered",
  attempt: 1,
  deliveredAtMs: undefined,
  arrival: 0,
  opId: undefined,
  answerSha256: undefined,
  update: undefined,
  value: undefined,
  samples: 0,
  metrics: {},
  behind: 1,
  dataVersion: "",
  reasonCode: undefined,
  reason: undefined,
  ...changes,
});

/** An answer of ten rows without an update. */
export const headerTo = (assignmentId: AssignmentId, changes: Partial<AnswerHeader> = {}): AnswerHeader => ({
  opId: parseOpId(`op-${changes.attempt ?? 1}`),
  assignmentId,
  attempt: 1,
  baseSha256: "",
  samples: 10,
  metrics: { loss: 0.5 },
  update: undefined,
  tensors: [],
  offset: 0,
  value: undefined,
  inline: undefined,
  stateFrom: "",
  behind: 1,
  dataVersion: "",
  ...changes,
});
