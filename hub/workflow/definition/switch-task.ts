import { isObject } from "#kernel/json.js";
import { type Check, list, object } from "./checks.js";
import { expression } from "./expressions.js";
import { quoted } from "./survey.js";
import { taskForm, then } from "./task-keys.js";

const switchCases: Check = (spot) => {
  const one = object("A case", { when: expression("when"), then }, ["then"]);
  const seen = new Set<string>();
  let defaults = 0;
  list(
    "switch",
    (item) => {
      const entries = isObject(item.value) ? Object.entries(item.value) : [];
      const [entry] = entries;
      if (entry === undefined || entries.length > 1) {
        item.error("wrong-type", "An item of a switch must be one name with its case.");
        return;
      }
      const inner = item.child(...entry);
      one(inner);
      if (seen.has(entry[0]))
        inner.keyError("duplicate-name", `There are two cases ${quoted(entry[0])} in this switch.`);
      seen.add(entry[0]);
      if (isObject(entry[1]) && !Object.hasOwn(entry[1], "when") && ++defaults === 2)
        inner.keyError(
          "two-defaults",
          "This switch has two cases without a when; only one can be the default.",
        );
    },
    1,
  )(spot);
};

/** `switch`: cases by name, each once, one of them without a condition at the most. */
export const switchTask: Check = taskForm("switch", { switch: switchCases });
