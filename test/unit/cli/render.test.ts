import assert from "node:assert/strict";
import { describe, it } from "mocha";
import pc from "picocolors";
import { errorLines } from "#cli/render/error.js";
import { bytes, duration, metric, metrics, time } from "#cli/render/format.js";
import { LiveArea } from "#cli/render/live.js";
import { peopleDestination } from "#cli/render/log.js";
import { cut, displayWidth, renderFields, renderTable } from "#cli/render/table.js";
import { ComityError } from "#kernel/errors.js";

const plain = pc.createColors(false);

describe("a table", () => {
  const columns = [
    { title: "SITE", value: (row: { site: string; rows: number }) => row.site },
    { title: "ROWS", value: (row: { site: string; rows: number }) => String(row.rows), right: true },
  ];

  it("stands in columns, numbers at the right", () => {
    const rows = [
      { site: "acme/berlin", rows: 7 },
      { site: "bolt/oslo", rows: 12_345 },
    ];
    assert.deepEqual(renderTable(columns, rows).split("\n"), [
      "SITE          ROWS",
      "acme/berlin      7",
      "bolt/oslo    12345",
    ]);
  });

  it("keeps its columns with wide signs and marks that combine", () => {
    const lines = renderTable(columns, [
      { site: "東京", rows: 1 },
      { site: "e\u0301cole", rows: 2 },
    ]).split("\n");
    assert.deepEqual(lines.map(displayWidth), [11, 11, 11]);
  });

  it("escapes control signs from outside and cuts to the terminal", () => {
    const text = renderTable(columns, [{ site: "a\u001b[31mb", rows: 1 }]);
    assert.ok(!text.includes("\u001b") && text.includes("a\\u001b[31mb"));
    assert.deepEqual(
      renderTable(columns, [{ site: "a-rather-long-name", rows: 1 }], { width: 10 }).split("\n")[1],
      "a-rather-…",
    );
  });

  it("of fields leaves empty ones out", () => {
    assert.deepEqual(
      renderFields([
        ["a", "1"],
        ["bcd", ""],
        ["ef", "2"],
      ]).split("\n"),
      ["a   1", "ef  2"],
    );
  });

  it("is cut by columns, not by letters", () => {
    assert.equal(cut("東京都庁", 5), "東京…");
    assert.equal(cut("abc", 3), "abc");
  });
});

describe("what is printed", () => {
  it("says a number as people do", () => {
    assert.deepEqual([0.4, 999, 1500, 61_000, 7_500_000].map(duration), [
      "0 ms",
      "999 ms",
      "1.5 s",
      "1 min 1 s",
      "2 h 5 min",
    ]);
    assert.deepEqual([12, 199_000, 1_500_000, 2_000_000_000].map(bytes), [
      "12 B",
      "199 kB",
      "1.5 MB",
      "2.0 GB",
    ]);
    assert.equal(metrics({ loss: 0.30109, accuracy: 0.9 }), "accuracy 0.9000, loss 0.3011");
    assert.equal(metric(undefined), "-");
    assert.equal(time(0), "-");
  });

  it("shows an error as code, sentence and hint", () => {
    const error = new ComityError("SITE_NOT_FOUND", "There is no site acme/berlin.", {
      hint: "`comity site list` shows them.",
    });
    assert.deepEqual(errorLines(error, plain), [
      "error SITE_NOT_FOUND: There is no site acme/berlin.",
      "hint: `comity site list` shows them.",
    ]);
    assert.equal(errorLines(ComityError.from(new TypeError("x is not a function")), plain).length, 2);
  });

  it("writes the log for people", () => {
    const lines: string[] = [];
    const log = peopleDestination((line) => lines.push(line));
    log.write(
      `${JSON.stringify({ level: 30, time: 0, name: "hub", msg: "a site is online", site: "acme/berlin" })}\n`,
    );
    log.write(
      `${JSON.stringify({ level: 50, time: 0, name: "hub", msg: "it failed", err: { message: "disk\u001b[2J" } })}\n`,
    );
    assert.match(lines[0] ?? "", /^\d\d:\d\d:\d\d {2}a site is online {2}site=acme\/berlin$/);
    assert.match(lines[1] ?? "", /^\d\d:\d\d:\d\d {2}error it failed: disk\\u001b\[2J$/);
  });
});

describe("the live area", () => {
  it("prints only what stays where there is no terminal", () => {
    let text = "";
    const area = new LiveArea(false, (part) => void (text += part));
    area.update(["working"]);
    area.keep("done");
    area.close();
    assert.equal(text, "done\n");
  });

  it("goes up over the lines that change before it writes", () => {
    let text = "";
    const area = new LiveArea(true, (part) => void (text += part));
    area.update(["one", "two"]);
    text = "";
    area.keep("round 1");
    assert.ok(text.startsWith("\u001b[2A\r\u001b[J" + "round 1\n"));
    assert.ok(text.endsWith("two\n"));
    text = "";
    area.close();
    assert.equal(text, "\u001b[2A\r\u001b[J");
  });
});
