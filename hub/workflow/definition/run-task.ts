import { templateObject } from "./call-forms.js";
import { type Check, flag, object, oneOf, text, textOr, unsupported, words } from "./checks.js";
import { strictExpression } from "./expressions.js";
import { runReturns } from "./model.js";
import { quoted } from "./survey.js";
import { taskForm } from "./task-keys.js";

const semver = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
const pinnedVersion: Check = (spot) => {
  const { value } = spot;
  if (typeof value === "string" && !semver.test(value)) {
    const hint = "A run keeps its definition for life, and so must what it runs.";
    spot.error("version-not-pinned", `The version must be one exact version, and is ${quoted(value)}.`, hint);
  } else text("The version")(spot);
};
const calledWorkflow = object(
  "workflow",
  {
    namespace: text("The namespace"),
    name: text("The name"),
    version: pinnedVersion,
    input: textOr(strictExpression("The input"), templateObject("The input")),
  },
  ["namespace", "name", "version"],
);
const program = unsupported(
  "Programs (script, shell, container) are refused until sites can approve programs.",
  "What the hub can do itself: call, set, run.workflow.",
);

/** `run`: another workflow, in a version that cannot change. */
export const runTask: Check = taskForm("run", {
  run: oneOf(
    "run",
    { workflow: calledWorkflow, script: program, shell: program, container: program },
    { await: flag("await"), return: words("return", runReturns) },
  ),
});
