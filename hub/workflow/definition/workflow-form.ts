import { ComityError } from "#kernel/errors.js";
import { isObject, type Json } from "#kernel/json.js";
import { isExpression } from "../expression/template.js";
import { anyObject, type Check, list, mapOf, object, text, words } from "./checks.js";
import { parseCron } from "./cron.js";
import { durationMs } from "./duration.js";
import { consumption } from "./event-forms.js";
import { expression } from "./expressions.js";
import { checkJumps } from "./flow.js";
import { extensionTargets } from "./model.js";
import {
  authentication,
  duration,
  endpoint,
  inputRule,
  outputRule,
  retryPolicy,
  timeout,
  timeoutInPlace,
  workflowError,
} from "./part-forms.js";
import { quoted, type Scope, Spot, Survey } from "./survey.js";
import { task, taskList } from "./task-forms.js";
import { stepsIn } from "./ways.js";

/** The variables of the DSL's expressions, by place (dsl.md, table of arguments). */
const scopes = {
  /** Inside a task. */
  task: ["context", "input", "task", "workflow", "runtime", "authorization"],
  /** `input.from` and the schedule of the workflow. */
  start: ["workflow", "runtime"],
  /** `output.as` of the workflow. */
  end: ["context", "workflow", "runtime"],
} as const;

const inScope =
  (variables: readonly string[], check: Check, secrets = false): Check =>
  (spot) => {
    check(new Spot(spot.value, spot.pointer, { variables, secrets }, spot.survey));
  };

const label = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;
const labelForm = "1 to 63 letters, digits and -, with no - at the ends";
const semver =
  /^(?=.{1,100}$)(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

const head: Check = object(
  "document",
  {
    dsl: text(
      "document.dsl",
      /^1\.0\.[0-3](-[0-9A-Za-z.-]+)?$/,
      "1.0.3, the version of the language that is supported",
    ),
    namespace: text("document.namespace", label, labelForm),
    name: text("document.name", label, labelForm),
    version: text("document.version", semver, "a semantic version such as 1.0.0, of at most 100 characters"),
    title: text("document.title"),
    summary: text("document.summary"),
    tags: anyObject("document.tags"),
    metadata: anyObject("document.metadata"),
  },
  ["dsl", "namespace", "name", "version"],
);

const extension: Check = object(
  "An extension",
  {
    extend: words("extend", extensionTargets),
    when: expression("when"),
    before: taskList("before"),
    after: taskList("after"),
  },
  ["extend"],
);

const extensionItem: Check = (spot) => {
  const entries = isObject(spot.value) ? Object.entries(spot.value) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1)
    spot.error("wrong-type", "An item of use.extensions must be one name with its extension.");
  else extension(spot.child(...entry));
};

/** Extensions by name, none twice. */
const extensions: Check = (spot) => {
  list("use.extensions", extensionItem)(spot);
  const seen = new Set<string>();
  for (const { name, index, task: body } of stepsIn(spot.value)) {
    if (seen.has(name)) {
      const message = `There are two extensions ${quoted(name)}.`;
      spot.child(index, null).child(name, body).keyError("duplicate-name", message);
    }
    seen.add(name);
  }
};

const ownFunction: Check = (spot) => {
  task(spot);
  checkJumps(spot.value, spot, []);
};

const use: Check = inScope(
  scopes.task,
  object("use", {
    authentications: mapOf("use.authentications", authentication),
    catalogs: mapOf("use.catalogs", object("A catalog", { endpoint }, ["endpoint"])),
    errors: mapOf("use.errors", workflowError),
    extensions,
    functions: (spot) => {
      mapOf("use.functions", ownFunction)(spot);
      checkRecursion(spot);
    },
    retries: mapOf("use.retries", (spot) => {
      // The name of the error is the catch's; `error` is what it is without one.
      retryPolicy(spot.with(["error"]));
    }),
    secrets: list("use.secrets", text("The name of a secret")),
    timeouts: mapOf("use.timeouts", timeoutInPlace),
  }),
);

const cron: Check = (spot) => {
  text("schedule.cron")(spot);
  if (typeof spot.value !== "string") return;
  try {
    parseCron(spot.value);
  } catch (thrown) {
    spot.error("cron-invalid", ComityError.from(thrown).message, "For example 0 2 * * 1: Mondays at 2:00.");
  }
};

/** Between two runs: known when the workflow is published, and no shorter than a second. */
const distance =
  (noun: string): Check =>
  (spot) => {
    duration(noun)(spot);
    const { value } = spot;
    if (typeof value === "string" && isExpression(value))
      spot.error("wrong-value", `${noun} of a schedule must be a duration, not an expression.`);
    else if ((durationMs(value) ?? minDistanceMs) < minDistanceMs)
      spot.error("wrong-value", `${noun} of a schedule must be at least one second.`);
  };
const minDistanceMs = 1000;

const evaluate: Check = object("evaluate", {
  language: (spot) => {
    if (spot.value !== "jq") spot.error("unsupported", "The only language of expressions is jq.");
  },
  mode: (spot) => {
    words("mode", ["strict", "loose"])(spot);
    if (spot.value === "loose") spot.error("unsupported", "Expressions are read in the mode strict only.");
  },
});

const document: Check = object(
  "The workflow",
  {
    document: head,
    input: inputRule((check) => inScope(scopes.start, check, true)),
    use,
    do: inScope(scopes.task, taskList("do")),
    timeout: inScope([...scopes.start, "input"], timeout),
    output: inScope(scopes.end, outputRule),
    schedule: inScope(
      scopes.start,
      object("schedule", { every: distance("every"), cron, after: distance("after"), on: consumption }),
    ),
    evaluate,
  },
  ["document", "do"],
);

/** Looks at a whole document once. */
export function survey(value: Json): Survey {
  const gathered = new Survey(value);
  const scope: Scope = { variables: scopes.start, secrets: false };
  document(new Spot(value, "", scope, gathered));
  return gathered;
}

/** A function of the document that calls itself, through others too, would never end. */
function checkRecursion(functions: Spot): void {
  const bodies = isObject(functions.value) ? functions.value : {};
  const callsOf = (body: Json | undefined): string[] => {
    if (typeof body !== "object" || body === null) return [];
    const own = isObject(body) && typeof body["call"] === "string" ? [body["call"]] : [];
    return [...own, ...Object.values(body).flatMap((inner: Json) => callsOf(inner))];
  };
  const calls = new Map(Object.entries(bodies).map(([name, body]) => [name, callsOf(body)]));
  for (const [name, body] of Object.entries(bodies)) {
    const reached = new Set<string>();
    const open = [...(calls.get(name) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      open.push(...(calls.get(next) ?? []));
    }
    if (reached.has(name)) {
      functions
        .child(name, body)
        .keyError("recursive", `The function ${quoted(name)} calls itself, and would never end.`);
      return;
    }
  }
}
