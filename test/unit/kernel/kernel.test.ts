import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import { deferred, fullJitterMs, Mailbox, Serial, sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes, hashFile, makeDirectory, readIfThere, writeFileAtomic } from "#kernel/files.js";
import {
  organisationOf,
  parseAssignmentId,
  parseOpId,
  parseRunId,
  parseSha256,
  parseSiteId,
} from "#kernel/ids.js";
import { canonicalJson, parseJson, textLimits } from "#kernel/json.js";
import { didYouMean, listWords, printable } from "#kernel/words.js";
import { temporaryFolders } from "../../support/folders.js";

describe("JSON from outside", () => {
  it("comes back as it went out, in one canonical form", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = canonicalJson(value);
        const keyless = /"(?:__proto__|constructor|prototype)":/.test(text);
        if (!keyless) assert.equal(canonicalJson(parseJson(text)), text);
      }),
    );
    assert.equal(
      canonicalJson({ b: [1, 2.5], a: { d: null, c: "é" } }),
      '{"a":{"c":"é","d":null},"b":[1,2.5]}',
    );
  });

  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  const wrong: [string, string, RegExp][] = [
    ["half a text", '{"a":', /no JSON: it ends too soon at line 1, column 6/],
    ["two values", "1 2", /no JSON: "2" does not fit at line 1, column 3/],
    ["a comma too many", '{\n  "a": [1,\n  ]}', /"]" does not fit at line 3, column 3/],
    ["a word", '{"a": tru}', /"t" does not fit at line 1, column 7/],
    ["a key without quotes", '{"é": 1, a: 2}', /"a" does not fit at line 1, column 10/],
    ["a line end in a text", '["a\n"]', /"\\"" does not fit at line 1, column 2/],
    ["the sign of a terminal", '{"a":\u001b[31m}', /"\\\\u001b" does not fit at line 1, column 6/],
    ["half a million brackets", "[".repeat(500_000), /deeper than 64 levels at line 1, column 66/],
    ["50,001 values", `[${"0,".repeat(50_000)}0]`, /more than 50000 values/],
    ["half a character in a key", '{"a":{"\\ud800":1}}', /A key at \/a is not well-formed/],
    ["a prototype", '{"a":{"__proto__":{"admin":true}}}', /"__proto__" at \/a is not allowed/],
    ["a constructor", '{"constructor":1}', /"constructor" at the top/],
    ["65 levels", deep(66), /deeper than 64/],
    ["a number beyond all", '{"a":[0,1e999]}', /number at \/a\/1 is not finite/],
    ["half a character", '{"a":"\\ud800"}', /text at \/a is not well-formed/],
    ["more than 1 MiB", `"${"é".repeat(textLimits.maxBytes / 2)}"`, /larger than 1 MiB/],
  ];
  for (const [what, text, says] of wrong) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => parseJson(text, "PLAN_INVALID"), { code: "PLAN_INVALID", message: says });
    });
  }

  it("is taken at the very limits", () => {
    parseJson(deep(64));
    parseJson(`[${"0,".repeat(textLimits.maxValues - 1)}0]`);
    parseJson(JSON.stringify({ commas: ",".repeat(60_000), quotes: '\\",['.repeat(60_000) }));
    parseJson(`"${"x".repeat(textLimits.maxBytes - 2)}"`);
  });

  it("has no canonical form for what JSON has not", () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    for (const value of [undefined, Number.NaN, { a: Number.POSITIVE_INFINITY }, "\ud800", circle])
      assert.throws(() => canonicalJson(value), { code: "ARGUMENT_INVALID" });
  });
});

describe("ids", () => {
  it("keep to their alphabets, so that none is ever a path or a header", () => {
    const hostile = ["", " ", "a b", "../x", "a/../b", "a\n", "a\u0000", "é", "-a", "x".repeat(300)];
    for (const text of hostile) {
      for (const parse of [parseRunId, parseOpId, parseSha256, parseSiteId])
        assert.throws(() => parse(text), { code: "ARGUMENT_INVALID" }, JSON.stringify(text));
    }
    for (const text of ["", "a/b", "a b", "a\n", "x".repeat(257)])
      assert.throws(() => parseAssignmentId(text), { code: "ARGUMENT_INVALID" });
    assert.throws(() => parseSha256("AB".repeat(32)), /64 lower-case/);
  });

  it("of sites are two words", () => {
    assert.equal(organisationOf(parseSiteId("acme-2/berlin-1")), "acme-2");
    const longest = "a".repeat(63);
    parseSiteId(`${longest}/${longest}`);
    for (const text of [
      "acme",
      "acme/",
      "/berlin",
      "Acme/Berlin",
      "a/b/c",
      "a-/b",
      `${longest}a/b`,
      "acme/berlin\n",
    ])
      assert.throws(() => parseSiteId(text), { code: "ARGUMENT_INVALID" }, text);
  });
});

describe("words", () => {
  it("guess what was meant, or say nothing", () => {
    assert.equal(didYouMean("rouns", ["rounds", "seed"]), '; did you mean "rounds"?');
    assert.equal(didYouMean("xyz", ["rounds", "seed"]), "");
    assert.equal(didYouMean("x", []), "");
  });

  it("are joined for a sentence", () => {
    assert.deepEqual([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(listWords), [
      "",
      "a",
      "a and b",
      "a, b and c",
    ]);
  });

  it("from outside can be printed without harm", () => {
    assert.equal(printable("plain é ü 数"), "plain é ü 数");
    assert.equal(printable("\u001b[2J\u202e\n"), "\\u001b[2J\\u202e\\u000a");
    assert.equal(printable("x".repeat(600)).length, 501);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = printable(text);
        assert(shown.isWellFormed());
        assert.doesNotMatch(shown, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});

describe("files", () => {
  const folder = temporaryFolders();

  it("are replaced as a whole, with the mode that was asked for, and nothing is left beside them", async () => {
    const dir = await folder();
    const path = join(dir, "x.json");
    assert.equal(await readIfThere(path), undefined);
    await writeFileAtomic(path, "one", 0o600);
    await writeFileAtomic(path, "two", 0o600);
    assert.equal(await readIfThere(path), "two");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(dir), ["x.json"]);
    await assert.rejects(writeFileAtomic(join(dir, "no", "x"), "z"), { code: "ENOENT" });
  });

  it("that cannot be replaced stay as they were", async () => {
    const dir = await folder();
    const path = join(dir, "taken");
    await makeDirectory(join(path, "below"));
    await assert.rejects(writeFileAtomic(path, "z"));
    assert.deepEqual(await readdir(dir), ["taken"]);
    await assert.rejects(readIfThere(path), { code: "EISDIR" });
  });

  it("written by two at once are one of the two", async () => {
    const path = join(await folder(), "x");
    const texts = ["a".repeat(100_000), "b".repeat(100_000)];
    await Promise.allSettled(texts.map((text) => writeFileAtomic(path, text)));
    assert(texts.includes(await readFile(path, "utf8")));
  });

  it("have the digest of their bytes", async () => {
    const path = join(await folder(), "x");
    await writeFileAtomic(path, Buffer.alloc(3 << 20, 5));
    assert.equal(await hashFile(path), hashBytes(Buffer.alloc(3 << 20, 5)));
    assert.equal(hashBytes(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});

describe("waiting", () => {
  it("is spread over the whole bound, which grows and ends", () => {
    const bounds = { baseMs: 100, maxMs: 5000 };
    for (const attempt of [0, 1, 5, 30, 1000]) {
      const most = Math.min(5000, 100 * 2 ** attempt);
      for (let i = 0; i < 50; i++) {
        const ms = fullJitterMs(attempt, bounds);
        assert(ms >= 0 && ms < most);
      }
    }
  });

  it("ends early with its signal, also one that has fired before", async () => {
    const stop = new AbortController();
    const waiting = sleep(60_000, stop.signal);
    stop.abort();
    await waiting;
    await sleep(60_000, stop.signal);
  });
});

describe("tasks one after the other", () => {
  it("never overlap, and go on after one that failed", async () => {
    const serial = new Serial();
    const seen: string[] = [];
    const gate = deferred();
    const first = serial.run(async () => {
      seen.push("first begins");
      await gate.promise;
      seen.push("first ends");
      throw new Error("first");
    });
    const second = serial.run(() => Promise.resolve(seen.push("second")));
    gate.resolve();
    await assert.rejects(first, /first/);
    assert.equal(await second, 3);
    assert.deepEqual(seen, ["first begins", "first ends", "second"]);
    await serial.idle();
  });
});

describe("a mailbox", () => {
  it("hands on in order, waits for more, and ends when it is closed", async () => {
    const mailbox = new Mailbox<number>();
    const read: number[] = [];
    mailbox.push(1);
    assert.equal(mailbox.size, 1);
    const reading = (async () => {
      for await (const value of mailbox) read.push(value);
    })();
    await sleep(0);
    mailbox.push(2);
    mailbox.push(3);
    mailbox.close();
    mailbox.push(4);
    await reading;
    assert.deepEqual(read, [1, 2, 3]);
    for await (const value of mailbox) assert.fail(String(value));
  });
});

describe("errors", () => {
  it("of the operating system that matter have a code of their own; the rest is INTERNAL with its cause", () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    assert.equal(ComityError.from(full).code, "DISK_FULL");
    const own = new ComityError("RUN_NOT_FOUND", "no");
    assert.equal(ComityError.from(own), own);
    const other = new Error("x");
    assert.deepEqual([ComityError.from(other).code, ComityError.from(other).cause], ["INTERNAL", other]);
    assert.equal(ComityError.from("thrown text").message, "thrown text");
  });
});
