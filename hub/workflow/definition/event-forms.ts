import { isObject } from "#kernel/json.js";
import { closestWord, didYouMean } from "#kernel/words.js";
import { type Check, list, mapOf, object, oneOf, text, textOr } from "./checks.js";
import { comparedValue, expression, expressionOr, template } from "./expressions.js";
import { filledText, uriText } from "./part-forms.js";
import { described } from "./survey.js";

const time = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** The attributes that CloudEvents 1.0 names, but for the data: that is any value. */
const attributes: Readonly<Record<string, Check>> = {
  id: filledText("An event's id"),
  source: uriText("An event's source"),
  type: filledText("An event's type"),
  time: expressionOr(text("An event's time", time, "a time such as 2026-01-31T12:00:00Z")),
  subject: filledText("An event's subject"),
  datacontenttype: filledText("An event's datacontenttype"),
  dataschema: uriText("An event's dataschema"),
};

/** Attributes of an event; those that CloudEvents does not name are extensions of it, and have any value as the data has. */
function eventProperties(noun: string, any: (key: string) => Check, required: readonly string[] = []): Check {
  return (spot) => {
    if (!isObject(spot.value)) {
      spot.error("wrong-type", `${noun} must be an object, and is ${described(spot.value)}.`);
      return;
    }
    const names = [...Object.keys(attributes), "data"];
    const meant = new Set<string>();
    for (const [key, value] of Object.entries(spot.value)) {
      const child = spot.child(key, value);
      ((Object.hasOwn(attributes, key) ? attributes[key] : undefined) ?? any(key))(child);
      if (names.includes(key)) continue;
      const guess = closestWord(key, names);
      if (guess !== undefined) {
        meant.add(guess);
        const message = `CloudEvents has no attribute ${JSON.stringify(key)}${didYouMean(key, names)}`;
        child.keyWarning("attribute-unknown", message);
      } else if (!/^[a-z0-9]{1,20}$/.test(key))
        child.keyError("wrong-value", "An event's attribute has lower-case letters and digits, at most 20.");
    }
    if (Object.keys(spot.value).length === 0) spot.error("wrong-value", `${noun} must not be empty.`);
    for (const key of required) {
      if (!Object.hasOwn(spot.value, key) && !meant.has(key))
        spot.error("missing-key", `${noun} needs the key "${key}".`);
    }
  };
}

/** What `emit` sends. */
export const emittedEvent: Check = object(
  "event",
  { with: eventProperties("The event to emit", () => template, ["type"]) },
  ["with"],
);

const eventFilter: Check = object(
  "An event filter",
  {
    with: eventProperties("An event filter's with", comparedValue),
    correlate: mapOf(
      "correlate",
      object(
        "A correlation",
        { from: expression("A correlation's from"), expect: expressionOr(text("A correlation's expect")) },
        ["from"],
      ),
    ),
  },
  ["with"],
);

/** No filter at all in `any` means every event. */
const kinds = { all: list("all", eventFilter, 1), any: list("any", eventFilter), one: eventFilter };

/** Which events to take before going on. `until` has its own strategy, which has no `until`. */
function eventStrategy(noun: string, until?: Check): Check {
  if (until === undefined) return oneOf(noun, kinds);
  const withUntil = oneOf(noun, { any: kinds.any }, { until });
  const without = oneOf(noun, kinds);
  return (spot) => {
    (isObject(spot.value) && Object.hasOwn(spot.value, "any") ? withUntil : without)(spot);
  };
}

export const consumption: Check = eventStrategy(
  "An event strategy",
  textOr(expression("until"), eventStrategy("until")),
);
