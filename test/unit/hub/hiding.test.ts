import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { hideIn, hider } from "#hub/workflow/hiding.js";

const secret = 'pa55 "wörd"/+';
const hide = hider([{ text: secret, by: "[secret]" }]);
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("what is hidden of a secret", () => {
  const cases: readonly (readonly [name: string, given: string, safe: string])[] = [
    ["as it is", `a ${secret} b`, "a [secret] b"],
    ["within a URI", `/x/${encodeURIComponent(secret)}?`, "/x/[secret]?"],
    ["within a URI, escaped in small letters", `/${encodeURIComponent(secret).toLowerCase()}`, "/[secret]"],
    ["within a form", new URLSearchParams({ key: secret, b: "1" }).toString(), "key=[secret]&b=1"],
    ["within JSON", JSON.stringify({ key: secret }), '{"key":"[secret]"}'],
    ["as the password of Basic", `Basic ${base64(`ann:${secret}`)}`, `Basic ${base64("ann:[secret]")}`],
    [
      "by JSON in a URI in JSON",
      JSON.stringify(encodeURI(JSON.stringify({ a: secret }))),
      String.raw`"%7B%22a%22:%22[secret]%22%7D"`,
    ],
    ["by one who escapes all beyond ASCII", String.raw`\"pa55 \\\"w\u00f6rd\\\"/+`, String.raw`\"[secret]`],
  ];
  for (const [name, given, safe] of cases) it(name, () => assert.equal(hide(given), safe));

  it("leaves texts that only look like a beginning of it", () => {
    for (const text of [secret.slice(0, 8), base64(secret.slice(0, 8)), "", "…"])
      assert.equal(hide(text), text);
  });

  it("wherever it lies in base64, of either alphabet, whatever stands around; all else stays", () => {
    const around = fc.uint8Array({ maxLength: 12 });
    // A backslash before it may be what escapes its first letter, and goes with it.
    const unescaping = around.filter((bytes) => bytes.at(-1) !== "\\".charCodeAt(0));
    const property = fc.property(
      unescaping,
      around,
      fc.constantFrom("base64" as const, "base64url" as const),
      fc.string({
        unit: fc.constantFrom(...["a", "b", "/", "+", "-", "_", "=", ":", " ", "\n"]),
        maxLength: 9,
      }),
      (before, after, alphabet, said) => {
        const whole = Buffer.concat([before, Buffer.from(secret), after]);
        const expected = Buffer.concat([before, Buffer.from("[secret]"), after]);
        const found = hide(`${said}"${whole.toString(alphabet)}"`);
        assert.ok(found.startsWith(`${said}"`));
        assert.deepEqual(Buffer.from(found.slice(said.length + 1), "base64"), expected);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it("also behind letters of base64 that are not of it, such as those of a path", () => {
    for (const path of ["/a/", "/ab/", "/abc/", "token-", ""]) {
      const found = hide(path + base64(`u:${secret}`));
      assert.ok(
        [0, 1, 2, 3].some((skip) => Buffer.from(found.slice(skip), "base64").includes("[secret]")),
        path,
      );
    }
  });

  it("in the keys of objects, too", () => {
    assert.deepEqual(hideIn({ [secret]: [secret, 1, null, { a: secret }] }, hide), {
      "[secret]": ["[secret]", 1, null, { a: "[secret]" }],
    });
  });
});
