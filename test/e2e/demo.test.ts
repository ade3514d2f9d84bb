import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, it } from "mocha";
import { hashFile } from "#kernel/files.js";
import { comity } from "#test/support/cli.js";
import { temporaryFolders } from "#test/support/folders.js";

interface DemoLine {
  readonly event: string;
  readonly pid?: number;
  readonly accuracy?: number;
  readonly rounds?: number;
  readonly seconds?: number;
  readonly model?: { readonly sha256: string; readonly path: string };
}

const small = ["demo", "--rows", "1500", "--rounds", "3", "--epochs", "2", "--sites", "3", "--json"];
const main = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

const linesOf = (text: string): DemoLine[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as DemoLine);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("comity demo", function () {
  this.timeout(120_000);
  const folder = temporaryFolders();

  it("trains, keeps everything with --keep, and ends with the same model when hub and sites are killed on the way", async () => {
    const [keep, stormy] = [`${await folder()}/kept`, await folder()];
    const first = await comity([...small, "--keep", keep]);
    assert.equal(first.code, 0, first.stderr);
    for (const name of ["hub/hub.db", "site-1/agent.db", "model.safetensors", "logs/hub.log"])
      assert.ok((await stat(`${keep}/${name}`)).size > 0, name);
    const second = await comity([...small, "--kill", "hub@2,site-2@3"], { env: { TMPDIR: stormy } });
    assert.equal(second.code, 0, second.stderr);
    const [expected, result] = [linesOf(first.stdout).at(-1), linesOf(second.stdout).at(-1)];
    assert.equal(result?.event, "result");
    assert.equal(result.rounds, 3);
    assert.ok((result.accuracy ?? 0) > 0.6, `accuracy ${result.accuracy}`);
    assert.equal(result.model?.sha256, expected?.model?.sha256);
    assert.equal(await hashFile(result.model?.path ?? ""), result.model?.sha256);
    const events = linesOf(second.stdout).map(({ event }) => event);
    assert.equal(events.filter((event) => event === "killed").length, 2);
    assert.equal(events.filter((event) => event === "restarted").length, 2);
    for (const { pid } of linesOf(second.stdout))
      assert.ok(pid === undefined || !isAlive(pid), "a process is left");
  });

  it("leaves no process and no folder behind when it is interrupted", async () => {
    const temporary = await folder();
    const demo = spawn(process.execPath, [main, ...small, "--rounds", "200"], {
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, TMPDIR: temporary },
    });
    const ended = once(demo, "exit") as Promise<[number | null]>;
    const pids: number[] = [];
    for await (const line of createInterface({ input: demo.stdout })) {
      const { event, pid } = JSON.parse(line) as DemoLine;
      if (pid !== undefined) pids.push(pid);
      if (event === "round.completed" || event === "round") demo.kill("SIGINT");
    }
    const [code] = await ended;
    assert.equal(code, 130);
    assert.equal(pids.length, 4);
    assert.deepEqual(pids.filter(isAlive), []);
    assert.deepEqual(await readdir(temporary), []);
  });
});
