import { isObject, type Json } from "#kernel/json.js";
import { pointerPart } from "#kernel/json-pointer.js";
import { didYouMean, listWords, printable } from "#kernel/words.js";
import type { Finding, FindingCode } from "./finding.js";

/** A finding before its place in the text is known. */
interface Problem extends Omit<Finding, "line" | "column"> {
  /** Whether the fault is the key's or the value's. */
  readonly on: "key" | "value";
}

/** A jq program that has to be compiled. */
export interface FoundExpression {
  /** Without the `${ }`. */
  readonly program: string;
  /** Names that it may use, without the dollar sign. */
  readonly variables: readonly string[];
  readonly pointer: string;
}

/** A call of a function that the document does not define itself. */
interface FoundCall {
  readonly name: string;
  /** JSON Pointer of the task. */
  readonly pointer: string;
}

/** The names that a document declares under `use`, by section. */
type DeclaredNames = Readonly<Record<UseSection, readonly string[]>>;
/** A section of `use` whose parts are referred to by name. */
export type UseSection = (typeof useSections)[number];
const useSections = [
  "authentications",
  "catalogs",
  "errors",
  "functions",
  "retries",
  "secrets",
  "timeouts",
] as const;

/** What one pass over a document gathers. */
export class Survey {
  readonly problems: Problem[] = [];
  readonly expressions: FoundExpression[] = [];
  readonly calls: FoundCall[] = [];
  readonly names: DeclaredNames;

  constructor(document: Json) {
    const use = isObject(document) && isObject(document["use"]) ? document["use"] : {};
    this.names = Object.fromEntries(
      useSections.map((section) => [section, namesIn(use[section])]),
    ) as unknown as DeclaredNames;
  }
}

function namesIn(section: Json | undefined): readonly string[] {
  if (Array.isArray(section)) return (section as readonly Json[]).filter((name) => typeof name === "string");
  return isObject(section) ? Object.keys(section) : [];
}

/** Which variables an expression may use at some place, and whether secrets are among them. */
export interface Scope {
  readonly variables: readonly string[];
  readonly secrets: boolean;
}

/** One value under examination. */
export class Spot {
  readonly value: Json;
  readonly pointer: string;
  readonly scope: Scope;
  readonly survey: Survey;

  constructor(value: Json, pointer: string, scope: Scope, survey: Survey) {
    this.value = value;
    this.pointer = pointer;
    this.scope = scope;
    this.survey = survey;
  }

  /** The value of one of its keys. */
  child(key: string | number, value: Json): Spot {
    const pointer = `${this.pointer}/${typeof key === "number" ? key : pointerPart(key)}`;
    return new Spot(value, pointer, this.scope, this.survey);
  }

  /** A value deeper down, by its pointer from here. */
  below(pointer: string, value: Json): Spot {
    return new Spot(value, this.pointer + pointer, this.scope, this.survey);
  }

  /** The same value, where an expression may use more. */
  with(variables: readonly string[], secrets = this.scope.secrets): Spot {
    const scope = { variables: [...new Set([...this.scope.variables, ...variables])], secrets };
    return new Spot(this.value, this.pointer, scope, this.survey);
  }

  /** The same value, where an expression may use less. */
  without(variables: readonly string[]): Spot {
    const left = this.scope.variables.filter((name) => !variables.includes(name));
    return new Spot(this.value, this.pointer, { ...this.scope, variables: left }, this.survey);
  }

  error(code: FindingCode, message: string, hint?: string): void {
    this.#report("error", code, message, hint, "value");
  }

  warning(code: FindingCode, message: string, hint?: string): void {
    this.#report("warning", code, message, hint, "value");
  }

  /** An error of this value's key. */
  keyError(code: FindingCode, message: string, hint?: string): void {
    this.#report("error", code, message, hint, "key");
  }

  keyWarning(code: FindingCode, message: string, hint?: string): void {
    this.#report("warning", code, message, hint, "key");
  }

  /** A word that is none of the allowed ones. */
  unknownWord(
    code: FindingCode,
    what: string,
    word: string,
    allowed: readonly string[],
    on: "key" | "value",
  ): void {
    const guess = didYouMean(word, allowed);
    const message = `${what} ${quoted(word)}${guess === "" ? "." : guess}`;
    const hint = allowed.length === 0 ? undefined : `Allowed: ${listWords(allowed)}.`;
    this.#report("error", code, message, hint, on);
  }

  #report(
    severity: Finding["severity"],
    code: FindingCode,
    message: string,
    hint: string | undefined,
    on: "key" | "value",
  ): void {
    const { pointer } = this;
    this.survey.problems.push({
      severity,
      code,
      message,
      pointer,
      on,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** A text of the document for a sentence. */
export function quoted(text: string): string {
  return printable(JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text));
}

/** What a value is, for a sentence. */
export function described(value: Json): string {
  if (value === null) return "nothing";
  if (typeof value === "string") return `the text ${quoted(value)}`;
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return `the number ${value}`;
  return Array.isArray(value) ? "a list" : "an object";
}
