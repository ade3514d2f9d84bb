import assert from "node:assert/strict";
import { copyFile, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, it } from "mocha";
import { readHeader } from "#aggregation/tensors/safetensors.js";
import { Child } from "#cli/demo/child.js";
import { exit } from "#kernel/errors.js";
import { hashFile } from "#kernel/files.js";
import { type CliOutcome, comity } from "#test/support/cli.js";
import { temporaryFolders } from "#test/support/folders.js";

const agentData = `
datasets:
  - name: flowers
    path: flowers.csv
    columns: { length: number, width: number, kind: { type: category, classes: [red, blue] } }
    target: kind
    split: { test: 0.25 }
    labels: { dataset: flowers }
`;

const plan = `name: flowers
dataset: { labels: { dataset: flowers } }
model: { name: logistic, input: [2], classes: 2 }
rounds: 3
local: { epochs: 2, batch: 8, learningRate: 0.5 }
`;

/** Rows that a line tells apart. */
function flowers(seed: number): string {
  const rows = Array.from({ length: 80 }, (_, at) => {
    const length = ((at * 7 + seed * 3) % 20) / 10;
    const width = ((at * 11 + seed * 5) % 20) / 10;
    return `${length},${width},${length > width ? "red" : "blue"}`;
  });
  return `length,width,kind\n${rows.join("\n")}\n`;
}

describe("a deployment by hand", function () {
  this.timeout(60_000);
  const folder = temporaryFolders();
  const children: Child[] = [];
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.stop(10_000)));
  });

  const start = async (name: string, words: string[], logFile: string): Promise<Child> => {
    const child = Child.start(name, words, logFile);
    children.push(child);
    await child.ready(new AbortController().signal);
    return child;
  };

  it("works with the printed commands, from an empty folder to a downloaded model", async () => {
    const dir = await folder();
    const hub = join(dir, "hub");
    const env = { COMITY_HOME: join(dir, "home") };
    const run = async (...words: string[]): Promise<CliOutcome> => {
      const outcome = await comity(words, { env, cwd: dir });
      assert.equal(outcome.code, 0, `comity ${words.join(" ")}: ${outcome.stderr}`);
      return outcome;
    };
    const json = async (...words: string[]): Promise<unknown> =>
      JSON.parse((await run(...words, "--json")).stdout);

    await run("hub", "init", hub, "--control-port", "0", "--agent-port", "0");
    await start("hub", ["hub", "start", hub], join(dir, "hub.log"));
    for (const name of ["berlin", "paris"]) {
      const token = (await run("site", "invite", `acme/${name}`)).stdout.trim();
      assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
      const agent = join(dir, name);
      await run("agent", "join", token, "--dir", agent);
      const again = await comity(["agent", "join", token, "--dir", join(dir, `${name}-thief`)], { env });
      assert.equal(again.code, exit.identity);
      assert.match(again.stderr, /TOKEN_USED/);
      assert.equal((await stat(join(agent, "identity.pem"))).mode & 0o077, 0);
      await writeFile(join(agent, "flowers.csv"), flowers(name.length));
      const configured = (await readFile(join(agent, "agent.yaml"), "utf8")).replace(/^datasets:.*$/m, "");
      await writeFile(join(agent, "agent.yaml"), configured + agentData);
      const doctor = await run("agent", "doctor", agent);
      assert.match(doctor.stdout, /flowers/);
      await start(name, ["agent", "start", agent], join(dir, `${name}.log`));
    }
    await writeFile(join(dir, "plan.yaml"), plan);
    const started = await run("train", "start", "plan.yaml", "--watch");
    assert.match(started.stdout, /round 3\/3/);

    const sites = (await json("site", "list")) as { site: string; state: string }[];
    assert.deepEqual(
      sites.map(({ site, state }) => [site, state]),
      [
        ["acme/berlin", "online"],
        ["acme/paris", "online"],
      ],
    );
    const [first] = (await json("run", "list")) as { runId: string; state: string }[];
    assert.equal(first?.state, "completed");
    const result = (await json("result", "get", first.runId)) as {
      metrics: Record<string, number>;
      rounds: unknown[];
      blob: { sha256: string };
    };
    assert.equal(result.rounds.length, 3);
    assert.ok((result.metrics["accuracy"] ?? 0) > 0.7, "the model has learned nothing");
    const model = join(dir, "flowers.safetensors");
    await run("model", "download", "flowers", "--out", model);
    assert.equal(await hashFile(model), result.blob.sha256);
    assert.deepEqual(
      readHeader(await readFile(model)).tensors.map(({ shape }) => shape),
      [[2, 2], [2]],
    );
    const shown = await run("run", "show", first.runId);
    assert.match(shown.stdout, /acme\/berlin/);
    const unknown = await comity(["run", "show", "nothing"], { env });
    assert.equal(unknown.code, exit.notFound);
    assert.match(unknown.stderr, /RUN_NOT_FOUND/);

    const logs = await Promise.all(
      ["hub", "berlin", "paris"].map((name) => readFile(join(dir, `${name}.log`), "utf8")),
    );
    assert.doesNotMatch(logs.join("\n"), /PRIVATE KEY|eyJhbGciOi/);
  });

  it("says with file and line what is wrong in a plan", async () => {
    const dir = await folder();
    await writeFile(join(dir, "plan.yaml"), plan.replace("rounds: 3", "rounds: three\nroundz: 3"));
    const outcome = await comity(["train", "start", "plan.yaml"], { cwd: dir, env: { COMITY_HOME: dir } });
    assert.equal(outcome.code, exit.config);
    assert.match(outcome.stderr, /plan\.yaml:4:1: rounds: .*number/);
    assert.match(outcome.stderr, /plan\.yaml:5:1: unknown key "roundz".*"rounds"/);
  });
});

describe("a hub whose admin has lost the token", function () {
  this.timeout(60_000);
  const folder = temporaryFolders();

  it("gives a new one to whoever has its folder, and the old one counts no more", async () => {
    const dir = await folder();
    const hub = join(dir, "hub");
    const profile = join(hub, "operator.json");
    const lost = join(dir, "lost.json");
    const env = { COMITY_HOME: join(dir, "home") };
    assert.equal(
      (await comity(["hub", "init", hub, "--control-port", "0", "--agent-port", "0"], { env })).code,
      0,
    );
    await copyFile(profile, lost);
    const renewed = await comity(["hub", "admin", hub], { env });
    assert.equal(renewed.code, 0, renewed.stderr);
    const child = Child.start("hub", ["hub", "start", hub], join(dir, "hub.log"));
    try {
      await child.ready(new AbortController().signal);
      assert.equal((await comity(["site", "list", "--hub", profile], { env })).code, 0);
      const refused = await comity(["site", "list", "--hub", lost], { env });
      assert.equal(refused.code, exit.identity);
      assert.match(refused.stderr, /UNAUTHENTICATED/);
      const busy = await comity(["hub", "admin", hub], { env });
      assert.match(busy.stderr, /STORE_BUSY/);
    } finally {
      await child.stop(10_000);
    }
  });
});
