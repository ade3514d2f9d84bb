import assert from "node:assert/strict";
import { afterEach, describe, it } from "mocha";
import { type LocalEngine, openLocalEngine } from "#hub/workflow/local.js";
import { compareVersions } from "#hub/workflow/versions.js";
import { newOpId } from "#kernel/ids.js";

const text = (version: string, n = 1) =>
  `document: { dsl: "1.0.3", namespace: team, name: count, version: "${version}" }\ndo:\n  - one: { set: { n: ${n} } }\n`;

describe("the library of workflows", () => {
  const engines: LocalEngine[] = [];
  afterEach(async () => {
    for (const one of engines.splice(0)) await one.close();
  });
  const opened = async () => {
    const one = await openLocalEngine({ functions: [] });
    engines.push(one);
    return one.engine.library;
  };

  it("keeps a version for ever: the same content is welcome again, another is refused", async () => {
    const library = await opened();
    const first = await library.publish({ opId: newOpId(), text: text("1.0.0"), publishedBy: "ada" });
    const again = await library.publish({ text: `# a remark\n${text("1.0.0")}`, publishedBy: "ben" });
    assert.deepEqual(again, first);
    await assert.rejects(library.publish({ text: text("1.0.0", 2), publishedBy: "ada" }), {
      code: "WORKFLOW_EXISTS",
    });
    assert.equal((await library.get("team/count:1.0.0")).source, text("1.0.0"));
    await assert.rejects(library.publish({ text: "do: []", publishedBy: "ada" }), {
      code: "WORKFLOW_INVALID",
    });
  });

  it("finds the newest by number and not by date, and no trial version before a real one", async () => {
    const library = await opened();
    for (const version of ["1.10.0", "1.9.0", "2.0.0-rc.1"]) {
      await library.publish({ text: text(version), publishedBy: "ada" });
    }
    assert.equal((await library.get("team/count")).version, "1.10.0");
    assert.deepEqual(
      (await library.list("team/count")).map(({ version }) => version),
      ["1.9.0", "1.10.0", "2.0.0-rc.1"],
    );
    assert.equal((await library.get("team/count:2.0.0-rc.1")).version, "2.0.0-rc.1");
    await assert.rejects(library.get("team/count:3.0.0"), { code: "WORKFLOW_NOT_FOUND", hint: /1\.9\.0/ });
    await assert.rejects(library.get("team/cuont"), { code: "WORKFLOW_NOT_FOUND", message: /did you mean/ });
  });

  it("knows a workflow without its namespace where only one has it, or the namespace `default`", async () => {
    const library = await opened();
    const publish = (namespace: string) =>
      library.publish({ text: text("1.0.0").replace("team", namespace), publishedBy: "ada" });
    await publish("team");
    assert.equal((await library.get("count")).namespace, "team");
    assert.equal((await library.get("count:1.0.0")).namespace, "team");
    assert.equal((await library.list("count")).length, 1);
    await publish("other");
    await assert.rejects(library.get("count"), {
      code: "ARGUMENT_INVALID",
      hint: "Say which: other/count and team/count.",
    });
    await publish("default");
    assert.equal((await library.get("count")).namespace, "default");
    assert.deepEqual(
      (await library.list()).map(({ namespace }) => namespace),
      ["default", "other", "team"],
    );
    for (const wrong of ["cuont", "cuont:1.0.0"])
      await assert.rejects(library.get(wrong), { message: /did you mean "count"/ });
    await assert.rejects(library.list("nothing"), { code: "WORKFLOW_NOT_FOUND" });
  });

  it("tells how versions differ", async () => {
    const library = await opened();
    for (const [version, n] of [
      ["1.0.0", 1],
      ["1.1.0", 2],
    ] as const) {
      await library.publish({ text: text(version, n), publishedBy: "ada" });
    }
    const changes = await library.diff("team/count:1.0.0", "team/count:1.1.0");
    assert.ok(changes.some(({ change, task }) => change === "changed" && task?.name === "one"));
  });
});

describe("versions", () => {
  it("are in the order of Semantic Versioning", () => {
    const ordered = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "1.0.1",
      "1.2.0",
      "1.10.0",
      "2.0.0",
    ];
    assert.deepEqual(ordered.toReversed().toSorted(compareVersions), ordered);
    assert.equal(compareVersions("1.0.0+a", "1.0.0+b"), 0);
  });
});
