import assert from "node:assert/strict";
import { violation } from "#hub/workflow/schema/validate.js";
import type { Json } from "#kernel/json.js";

describe("JSON Schema", () => {
  /** Schema, values that fit, values that do not. */
  const cases: readonly (readonly [string, Json, readonly Json[], readonly Json[]])[] = [
    ["true and false", { properties: { a: true, b: false } }, [{ a: 1 }, {}], [{ b: 1 }]],
    ["type", { type: "integer" }, [1, -3, 2.0], [1.5, "1", null, []]],
    ["types", { type: ["string", "null"] }, ["", null], [0, false, {}]],
    ["enum", { enum: [1, "a", { b: [2] }] }, [1, "a", { b: [2] }], [2, "b", { b: [3] }]],
    ["const", { const: { a: 1 } }, [{ a: 1 }], [{ a: 2 }, null]],
    ["limits of numbers", { minimum: 1, maximum: 3 }, [1, 3, "x"], [0, 4]],
    ["open limits", { exclusiveMinimum: 1, exclusiveMaximum: 3 }, [2], [1, 3]],
    ["multipleOf", { multipleOf: 0.1 }, [0.3, 7], [0.35]],
    ["lengths", { minLength: 2, maxLength: 3 }, ["ab", "😀😀", 5], ["a", "abcd"]],
    ["pattern", { pattern: "^[a-z]+$" }, ["abc"], ["Abc", ""]],
    ["items", { items: { type: "number" }, minItems: 1, maxItems: 2 }, [[1], [1, 2]], [[], ["a"], [1, 2, 3]]],
    ["prefixItems", { prefixItems: [{ type: "string" }], items: false }, [["a"], []], [[1], ["a", 1]]],
    ["items as a list", { items: [{ type: "string" }], additionalItems: false }, [["a"]], [["a", 1]]],
    [
      "contains",
      { contains: { const: 1 }, maxContains: 2 },
      [
        [1, 2],
        [1, 1],
      ],
      [[2], [1, 1, 1]],
    ],
    [
      "uniqueItems",
      { uniqueItems: true },
      [[{ a: 1, b: 2 }, { a: 1 }]],
      [
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      ],
    ],
    ["unevaluatedItems", { prefixItems: [true], unevaluatedItems: false }, [[1]], [[1, 2]]],
    ["required", { required: ["a"] }, [{ a: null }, "text"], [{}, { b: 1 }]],
    [
      "properties",
      { properties: { a: { type: "string" } }, additionalProperties: false },
      [{ a: "x" }],
      [{ a: 1 }, { c: 1 }],
    ],
    [
      "patternProperties",
      { patternProperties: { "^x-": { type: "number" } } },
      [{ "x-a": 1, b: "" }],
      [{ "x-a": "1" }],
    ],
    ["propertyNames", { propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [{ abc: 1 }]],
    ["number of properties", { minProperties: 1, maxProperties: 1 }, [{ a: 1 }], [{}, { a: 1, b: 2 }]],
    ["dependentRequired", { dependentRequired: { a: ["b"] } }, [{ b: 1 }, { a: 1, b: 1 }], [{ a: 1 }]],
    ["dependentSchemas", { dependentSchemas: { a: { required: ["b"] } } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    ["allOf", { allOf: [{ minimum: 1 }, { maximum: 3 }] }, [2], [0, 4]],
    ["anyOf", { anyOf: [{ type: "string" }, { minimum: 3 }] }, ["a", 3], [1]],
    ["oneOf", { oneOf: [{ minimum: 3 }, { maximum: 5 }] }, [2, 6], [4]],
    ["not", { not: { type: "string" } }, [1], ["a"]],
    ["if", { if: { minimum: 5 }, then: { multipleOf: 5 }, else: { multipleOf: 2 } }, [10, 4], [7, 3]],
    ["$ref", { $defs: { "a/b": { type: "number" } }, items: { $ref: "#/$defs/a~1b" } }, [[1]], [["a"]]],
    ["$anchor", { $defs: { n: { $anchor: "n", type: "number" } }, $ref: "#n" }, [1], ["a"]],
    [
      "a schema of itself",
      { type: "object", properties: { next: { $ref: "#" } }, additionalProperties: false },
      [{ next: { next: {} } }],
      [{ next: { other: 1 } }],
    ],
    [
      "unevaluatedProperties",
      {
        allOf: [{ properties: { a: true } }],
        anyOf: [{ properties: { b: { type: "number" } } }],
        unevaluatedProperties: false,
      },
      [{ a: 1, b: 2 }],
      [{ a: 1, c: 1 }],
    ],
    [
      "cousins do not see each other",
      { allOf: [{ properties: { a: true } }, { unevaluatedProperties: false }] },
      [{}],
      [{ a: 1 }],
    ],
    ["format is no rule", { format: "email" }, ["no address"], []],
  ];

  for (const [name, schema, good, bad] of cases) {
    it(name, () => {
      for (const value of good) assert.equal(violation(schema, value), undefined, JSON.stringify(value));
      for (const value of bad) assert.equal(typeof violation(schema, value), "string", JSON.stringify(value));
    });
  }

  it("says where the fault is and what it is", () => {
    const schema: Json = { properties: { pets: { items: { properties: { "a/b": { type: "number" } } } } } };
    assert.equal(
      violation(schema, { pets: [{}, { "a/b": "one" }] }),
      "/pets/1/a~1b must be number, and is string.",
    );
  });

  it("ends, whatever the schema says", () => {
    const ring: Json = { $ref: "#" };
    const doubling: Json = {
      $defs: Object.fromEntries(
        Array.from({ length: 60 }, (_, level) => [
          `l${level}`,
          level === 59
            ? {}
            : { allOf: [{ $ref: `#/$defs/l${level + 1}` }, { $ref: `#/$defs/l${level + 1}` }] },
        ]),
      ),
      $ref: "#/$defs/l0",
    };
    for (const schema of [ring, doubling]) assert.match(violation(schema, 1) ?? "", /too many steps/);
    assert.match(violation({ pattern: "^(a+)+$" }, `${"a".repeat(5000)}!`) ?? "", /does not match/);
  });

  it("refuses what it cannot check", () => {
    assert.match(violation({ $ref: "https://example.org/schema" }, 1) ?? "", /does not contain/);
    assert.match(violation({ $ref: "#/$defs/none" }, 1) ?? "", /does not contain/);
    assert.match(violation({ pattern: "(?=a)" }, "a") ?? "", /RE2 does not know/);
    assert.match(violation("text", 1) ?? "", /must be an object/);
  });
});
