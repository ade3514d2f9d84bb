import { isObject, type Json } from "#kernel/json.js";
import { closestWord, listWords } from "#kernel/words.js";
import { described, quoted, type Spot, type UseSection } from "./survey.js";

/** Looks at one value and reports what is wrong with it. The forms of the language are made of these. */
export type Check = (spot: Spot) => void;

/** An object with these keys and no others. Reports a missing key at the object, an unknown one at itself. */
export function object(
  noun: string,
  keys: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
): Check {
  return (spot) => {
    if (!isObject(spot.value)) {
      spot.error("wrong-type", `${noun} must be an object, and is ${described(spot.value)}.`);
      return;
    }
    const meant = new Set<string | undefined>();
    for (const [key, value] of Object.entries(spot.value)) {
      const child = spot.child(key, value);
      const check = keys[key];
      if (check !== undefined && Object.hasOwn(keys, key)) check(child);
      else {
        child.unknownWord("unknown-key", `${noun} has no key`, key, Object.keys(keys), "key");
        meant.add(closestWord(key, Object.keys(keys)));
      }
    }
    for (const key of required) {
      // A key that is there with a typo has been reported.
      if (!Object.hasOwn(spot.value, key) && !meant.has(key))
        spot.error("missing-key", `${noun} needs the key ${quoted(key)}.`);
    }
  };
}

/** An object with exactly one of these keys, besides others that do not matter here. */
export function oneOf(
  noun: string,
  keys: Readonly<Record<string, Check>>,
  others: Readonly<Record<string, Check>> = {},
): Check {
  const names = Object.keys(keys);
  const all = object(noun, { ...keys, ...others });
  return (spot) => {
    const before = spot.survey.problems.length;
    all(spot);
    if (!isObject(spot.value)) return;
    const present = names.filter((name) => isObject(spot.value) && Object.hasOwn(spot.value, name));
    if (present.length > 1)
      spot.error("too-many-keys", `${noun} has ${listWords(present)}: only one of them can be meant.`);
    else if (present.length === 0 && spot.survey.problems.length === before)
      spot.error("missing-key", `${noun} needs one of the keys ${listWords(names)}.`);
  };
}

/** An object whose keys are the author's. */
export function mapOf(noun: string, check: Check): Check {
  return (spot) => {
    if (!isObject(spot.value)) {
      spot.error("wrong-type", `${noun} must be an object, and is ${described(spot.value)}.`);
      return;
    }
    for (const [key, value] of Object.entries(spot.value)) check(spot.child(key, value));
  };
}

export function list(noun: string, check: Check, minItems = 0): Check {
  return (spot) => {
    const { value } = spot;
    if (!Array.isArray(value)) {
      spot.error("wrong-type", `${noun} must be a list, and is ${described(value)}.`);
      return;
    }
    if (value.length < minItems) spot.error("wrong-value", `${noun} must not be empty.`);
    for (const [index, item] of (value as readonly Json[]).entries()) check(spot.child(index, item));
  };
}

/** Text that fits a pattern; `form` says what the pattern wants. */
export function text(noun: string, pattern = /[^]/, form = "text that is not empty"): Check {
  return (spot) => {
    const { value } = spot;
    if (typeof value !== "string") wrongType(spot, noun, "text");
    else if (!pattern.test(value))
      spot.error("wrong-value", `${noun} must be ${form}, and is ${quoted(value)}.`);
  };
}

export function words(noun: string, allowed: readonly string[]): Check {
  return (spot) => {
    const { value } = spot;
    if (typeof value !== "string") spot.error("wrong-type", `${noun} must be one of ${listWords(allowed)}.`);
    else if (!allowed.includes(value))
      spot.unknownWord("wrong-value", `${noun} cannot be`, value, allowed, "value");
  };
}

export function wholeNumber(noun: string, min: number, max = Number.MAX_SAFE_INTEGER): Check {
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  return (spot) => {
    const { value } = spot;
    if (typeof value !== "number") wrongType(spot, noun, "a whole number");
    else if (!Number.isInteger(value) || value < min || value > max)
      spot.error("wrong-value", `${noun} must be a whole number ${range}, and is ${value}.`);
  };
}

export function flag(noun: string): Check {
  return (spot) => {
    if (typeof spot.value !== "boolean") wrongType(spot, noun, "true or false");
  };
}

/** Whatever the author likes; nobody evaluates it. */
export const anything: Check = () => undefined;

/** An object that the author fills, and nobody evaluates. */
export function anyObject(noun: string): Check {
  return mapOf(noun, anything);
}

/** One check for texts, another for everything else. */
export function textOr(ofText: Check, other: Check): Check {
  return (spot) => {
    (typeof spot.value === "string" ? ofText : other)(spot);
  };
}

/** The name of something under `use`, or the thing itself in place. */
export function named(section: UseSection, inPlace: Check): Check {
  return textOr(reference(section), inPlace);
}

/** The name of something under `use`. */
export function reference(section: UseSection): Check {
  return (spot) => {
    const { value } = spot;
    const names = spot.survey.names[section];
    if (typeof value !== "string") wrongType(spot, `The name of one of use.${section}`, "text");
    else if (!names.includes(value)) {
      const what = `There is no ${singular[section]} in use.${section} with the name`;
      spot.unknownWord(`undefined-${singular[section]}`, what, value, names, "value");
    }
  };
}

const singular = {
  authentications: "authentication",
  catalogs: "catalog",
  errors: "error",
  functions: "function",
  retries: "retry",
  secrets: "secret",
  timeouts: "timeout",
} as const satisfies Readonly<Record<UseSection, string>>;

/** A part of the language that this hub does not run, in a sentence. */
export function unsupported(sentence: string, hint?: string): Check {
  return (spot) => {
    spot.keyError("unsupported", sentence, hint);
  };
}

function wrongType(spot: Spot, noun: string, wanted: string): void {
  spot.error("wrong-type", `${noun} must be ${wanted}, and is ${described(spot.value)}.`);
}
