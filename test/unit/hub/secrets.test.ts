import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { readSecrets } from "#hub/workflow/secrets.js";
import { ComityError } from "#kernel/errors.js";
import { temporaryFolders } from "#test/support/folders.js";

describe("the hub's secrets", () => {
  const folder = temporaryFolders();

  async function written(text: string, mode = 0o600): Promise<string> {
    const path = join(await folder(), "secrets.yaml");
    await writeFile(path, text, { mode });
    await chmod(path, mode);
    return path;
  }

  it("come from the file, and before it from the environment", async () => {
    const path = await written('plain: "s1"\nfhir-server:\n  username: ann\n  password: "0123"\n');
    const environment = {
      COMITY_SECRET_PLAIN: "s2",
      COMITY_SECRET_A_B: '{"token":"t"}',
      COMITY_SECRET_NONE: "",
    };
    const secrets = await readSecrets(path, environment);
    assert.equal(secrets.find("plain"), "s2");
    assert.deepEqual(secrets.find("fhir-server"), { username: "ann", password: "0123" });
    assert.deepEqual(secrets.find("a.b"), { token: "t" });
    assert.equal(secrets.find("none"), undefined);
    assert.equal(secrets.find("toString"), undefined);
    assert.equal((await readSecrets(path, {})).find("plain"), "s1");
    assert.equal((await readSecrets(undefined, environment)).find("plain"), "s2");
  });

  it("need no file, and an empty one is good", async () => {
    assert.equal((await readSecrets(join(await folder(), "secrets.yaml"), {})).find("any"), undefined);
    assert.equal((await readSecrets(await written("# none yet\n"), {})).find("any"), undefined);
  });

  it("are not read from a file that others can read", async () => {
    const path = await written("a: b", 0o640);
    await assert.rejects(readSecrets(path, {}), {
      code: "CONFIG_INVALID",
      hint: `Run \`chmod 600 ${path}\`.`,
    });
  });

  it("are refused where they are no texts, and never told", async () => {
    const bad = [
      "hunter2: 1",
      "a: {b: 12345}",
      "a: ''",
      "a: 'hunter2",
      "a: hunter2\na: x",
      "a: &x hunter2\nb: *x",
      'a: ["hunter2"',
      "hunter2",
      "a: b: hunter2",
      "a: !hunter2 x",
      "'no name': hunter2",
    ];
    for (const text of bad) {
      const path = await written(text);
      await assert.rejects(readSecrets(path, {}), (error) => {
        assert.ok(error instanceof ComityError);
        assert.equal(error.code, "CONFIG_INVALID", text);
        if (!text.startsWith("hunter2:"))
          assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /hunter2|12345/, text);
        return true;
      });
    }
  });
});
