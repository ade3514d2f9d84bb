import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, it } from "mocha";
import { freePort } from "#cli/free-port.js";
import { temporaryFolders } from "#test/support/folders.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The blocks of a page that are marked `sh`, in their order: what a reader types, up to a heading. */
async function commandsOf(page: string, end = "\0"): Promise<string> {
  const [markdown = ""] = (await readFile(`${root}/${page}`, "utf8")).split(end);
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block).join("\n");
}

/** Runs a script as a reader's shell would, in a process group of its own of which nothing stays. */
async function bash(script: string, env: Record<string, string>): Promise<{ code: number; said: string }> {
  const child = spawn("bash", ["-euo", "pipefail", "-c", `exec 2>&1\n${script}`], {
    cwd: root,
    env: { PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`, ...env },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const { pid } = child;
  const killGroup = (): void => {
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // All have ended by themselves, as they should.
    }
  };
  const late = setTimeout(killGroup, 170_000);
  try {
    const exited = once(child, "exit") as Promise<[number | null]>;
    const [said, [code]] = await Promise.all([text(child.stdout), exited]);
    return { code: code ?? -1, said };
  } finally {
    clearTimeout(late);
    killGroup();
  }
}

describe("the guides", function () {
  this.timeout(180_000);
  const folder = temporaryFolders();

  /** Runs what a reader types, on ports of its own and in a home of its own. */
  const follow = async (commands: string): Promise<string> => {
    // As `npm run build` does; a build by `tsc` alone does not.
    await chmod(`${root}/dist/cli/main.js`, 0o755);
    const [control, agents] = [await freePort(), await freePort()];
    const script = commands
      .replaceAll("7443", String(control))
      .replace(
        "comity hub init ./hub",
        `comity hub init ./hub --control-port ${control} --agent-port ${agents}`,
      );
    const home = await folder();
    const { code, said } = await bash(script, { HOME: home, BUF_CACHE_DIR: `${home}/buf` });
    assert.equal(code, 0, said);
    return said;
  };

  it("to the first federation works as it is written, from an empty folder to the results over gRPC", async () => {
    const said = await follow(await commandsOf("docs/guide/first-federation.md"));
    assert.match(said, /round 5\/5/);
    assert.doesNotMatch(said, /FAIL/);
    assert.match(said, /^comity\.v1\.Results$/m);
    assert.match(said, /"runName": ?"flowers"/);
    assert.match(said, /"layersJson"/);
    assert.match(said, /"status": ?"SERVING"/);
  });

  it("to workflows works as it is written, from a file without a hub to a run that was corrected", async () => {
    const federation = await commandsOf("docs/guide/first-federation.md", "## 6. Train");
    const said = await follow(`${federation}\n${await commandsOf("docs/guide/workflows.md")}`);
    const expected = [
      /"shipping": 0/,
      /typo\.yaml:4:7: A task has no keyword "sett"; did you mean "set"\?/,
      /did you mean "freeShipping"\?/,
      /^exit code 10$/m,
      /^guide\/release:1\.0\.0 is published: /m,
      /^ +n\d+.*fed\.round/m,
      /^ {2}oneRound +fed\.round:1\.0\.0@default +would go to 2 sites$/m,
      /^Task decision waits for an event of type org\.example\.model\.approved\.v1\.$/m,
      /has reached 1 run\./,
      /^release has failed: .*ascii_upcase/m,
      /^exit code 40$/m,
      /\/do\/2\/release {2}release \(set\) has failed/,
      /^changed {2}release \(set, \/do\/2\/release\)/m,
      /"approvedBy": "somebody"/,
      /^The journal gives the snapshot: /m,
    ];
    for (const line of expected) assert.match(said, line);
  });

  it("to queries works as it is written, from a table of all sites to what one of them keeps to itself", async () => {
    const federation = await commandsOf("docs/guide/first-federation.md", "## 6. Train");
    const said = await follow(`${federation}\n${await commandsOf("docs/guide/queries.md")}`);
    const expected = [
      /^kind +COUNT +MEAN length +VARIANCE length$/m,
      /^iris +\d+ +\d\.\d{4} +\d\.\d{4}$/m,
      /^\(all\) +400 +\d\.\d{4}/m,
      /^2 to 3 +\d+$/m,
      /unread\.yaml:7:\d+: .*there is no rows here; did you mean "row"\?/,
      /^exit code 10$/m,
      /The dataset flowers has no column lenght; did you mean "length"\? It has length, width and kind\./,
      /does not fit the columns of the dataset flowers: .*'_\*_' applied to '\(int, double\)'/,
      /^exit code 40$/m,
      /^iris +≥ \d+/m,
      /^≥ and \?: some sites keep to themselves/m,
      /^\{.*"suppressed":1,.*"atLeast":true/m,
    ];
    for (const line of expected) assert.match(said, line);
  });
});
