import fc from "fast-check";
import type { Json } from "#kernel/json.js";

/** An expression of the simple kind with what it is asked of. */
export interface JqCase {
  readonly expression: string;
  readonly input: Json;
  readonly variables: Readonly<Record<string, Json>>;
}

const keys = ["a", "b", "c", "x y", "é", "7", "__proto__", "constructor", "length", "\u{1f600}", "\uff5e"];

const texts = fc.constantFrom(
  "",
  "a",
  "b",
  "ab",
  "é",
  "\u{1f600}",
  "\uff5e",
  "null",
  '\u0000\u001f\u007f\u2028"\\/',
  "1",
);

const numbers = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(
    0.1,
    0.5,
    -1.5,
    100,
    1e3,
    123456.789,
    1e15,
    1e16,
    1e17,
    1e21,
    1e-5,
    1e-7,
    9007199254740991,
    2 ** 60,
    1e300,
    5e-324,
  ),
);

/** Small values with few keys, so that paths often find something. */
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<Json>(null, true, false),
    numbers,
    texts,
    fc.array(tie("json"), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom(...keys), tie("json")), { maxLength: 4 })
      .map((entries): Json => Object.fromEntries(entries)),
  ),
}));

/** What a task sees, mostly. */
const record = fc.record({ a: json, b: json, c: fc.oneof(numbers, texts) }, { requiredKeys: ["c"] });

const literals = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("null", "true", "false", "{}", "[]", "0", "1", "2") },
  { weight: 3, arbitrary: numbers.map((value) => String(value)) },
  { weight: 3, arbitrary: texts.map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("1.50", "1.0", "1e3", "007", "100000000000000000000", "9007199254740993"),
  },
);

const joined = (parts: readonly string[]): string => parts.join("");

const operators = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or", "//"] as const;

/** Expressions without superfluous parentheses, so that precedences matter. */
const { expression } = fc.letrec<
  Record<"expression" | "path" | "term" | "index" | "member" | "part", string>
>((tie) => ({
  index: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(".a", ".b", ".c", ".length", ".__proto__", ".constructor", ".if"),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom('["a"]', '.["x y"]', '."b"', '."\\u00e9"', "[0]", "[-1]", "[1.5]", ' ["7"]'),
    },
    { weight: 1, arbitrary: tie("expression").map((key) => `[${key}]`) },
  ),
  path: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(".", "$v", "$w", "$v.a", ".a", ".b", ".c", ".c", ".c") },
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom("$v", ".a", ".b"), tie("index")).map(joined) },
    { weight: 2, arbitrary: fc.tuple(tie("path"), tie("index"), fc.constantFrom("", "?", "?")).map(joined) },
    { weight: 1, arbitrary: fc.tuple(tie("term"), tie("index"), fc.constantFrom("?", "??")).map(joined) },
  ),
  term: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 6, arbitrary: tie("path") },
    { weight: 4, arbitrary: literals },
    { weight: 2, arbitrary: fc.constantFrom("not", "length", "tostring", "(.a|length)", "($v|tostring)") },
    { weight: 1, arbitrary: tie("expression").map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie("term").map((inner) => `-${inner}`) },
    {
      weight: 1,
      arbitrary: fc.array(tie("expression"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
    },
    {
      weight: 1,
      arbitrary: fc.array(tie("member"), { maxLength: 3 }).map((members) => `{${members.join(",")}}`),
    },
    { weight: 1, arbitrary: fc.array(tie("part"), { maxLength: 3 }).map((parts) => `"${parts.join("")}"`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie("expression"), tie("expression"), tie("expression"))
        .map(([a, b, c]) => `if ${a} then ${b} else ${c} end`),
    },
  ),
  part: fc.oneof(
    fc.constantFrom("x", "\\n", "\\ud83d\\ude00", "é"),
    tie("expression").map((inner) => `\\(${inner})`),
  ),
  member: fc.oneof(
    fc.constantFrom("a", "b", "$v", '"x y"', "if", "__proto__", '"é"'),
    fc
      .tuple(
        fc.constantFrom("a", "b", "7", '"x y"', "__proto__", "and", '"\\(.a)"', "(.c|tostring)"),
        tie("expression"),
      )
      .map(([key, value]) => `${key}: ${value}`),
  ),
  expression: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: tie("term") },
    {
      weight: 4,
      arbitrary: fc
        .tuple(tie("expression"), fc.constantFrom(...operators, "==", "//", "+", "|", "|"), tie("expression"))
        .map((parts) => parts.join(" ")),
    },
  ),
}));

/** Random cases. Some of the expressions are no jq at all. */
export const jqCases: fc.Arbitrary<JqCase> = fc.record({
  expression,
  input: fc.oneof({ weight: 4, arbitrary: record }, { weight: 1, arbitrary: json }),
  variables: fc.record({ v: record, w: json }),
});
