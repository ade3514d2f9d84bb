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

/** The blocks of a page that are marked `sh`, in their order: what a reader types. */
async function commandsOf(page: string): Promise<string> {
  const markdown = await readFile(`${root}/${page}`, "utf8");
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

describe("docs/guide/first-federation.md", function () {
  this.timeout(180_000);
  const folder = temporaryFolders();

  it("works as it is written, from an empty folder to the results over gRPC", async () => {
    // As `npm run build` does; a build by `tsc` alone does not.
    await chmod(`${root}/dist/cli/main.js`, 0o755);
    const [control, agents] = [await freePort(), await freePort()];
    const script = (await commandsOf("docs/guide/first-federation.md"))
      .replaceAll("7443", String(control))
      .replace(
        "comity hub init ./hub",
        `comity hub init ./hub --control-port ${control} --agent-port ${agents}`,
      );
    const home = await folder();
    const { code, said } = await bash(script, { HOME: home, BUF_CACHE_DIR: `${home}/buf` });
    assert.equal(code, 0, said);
    assert.match(said, /round 5\/5/);
    assert.doesNotMatch(said, /FAIL/);
    assert.match(said, /^comity\.v1\.Results$/m);
    assert.match(said, /"runName": ?"flowers"/);
    assert.match(said, /"layersJson"/);
    assert.match(said, /"status": ?"SERVING"/);
  });
});
