import assert from "node:assert/strict";
import { stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import { defaultProfilePath, readProfile, writeProfile } from "#client/profile.js";
import { ComityError } from "#kernel/errors.js";
import { temporaryFolders } from "../../support/folders.js";

const profile = {
  address: "127.0.0.1:7600",
  root: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
  token: "xyzzy",
  name: "ada",
};

describe("an operator's profile", () => {
  const folder = temporaryFolders();

  it("lies in $COMITY_HOME or in ~/.comity", () => {
    assert.equal(defaultProfilePath({ COMITY_HOME: "/x" }), "/x/operator.json");
    for (const home of ["", undefined]) {
      assert.equal(defaultProfilePath({ COMITY_HOME: home }), join(homedir(), ".comity/operator.json"));
    }
  });

  it("is written for its owner only, and read back", async () => {
    const path = join(await folder(), "home", "operator.json");
    await writeProfile(profile, path);
    assert.deepEqual(await readProfile(path), profile);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(join(path, ".."))).mode & 0o777, 0o700);
    await writeProfile({ ...profile, proxy: "none" }, path);
    assert.equal((await readProfile(path)).proxy, "none");
  });

  it("says what is wrong with it, without its token", async () => {
    const path = join(await folder(), "operator.json");
    const fault = async (): Promise<ComityError> => {
      const error: unknown = await readProfile(path).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert(error instanceof ComityError && error.code === "CONFIG_INVALID", String(error));
      assert.doesNotMatch(error.message, /xyzzy/);
      return error;
    };
    assert.match((await fault()).hint ?? "", /COMITY_HOME/);
    for (const text of [
      "",
      "{",
      "[]",
      '{"token":xyzzy}',
      JSON.stringify({ ...profile, tokn: "x" }),
      JSON.stringify({ ...profile, root: "x" }),
    ]) {
      await writeFile(path, text);
      await fault();
    }
    await writeFile(path, JSON.stringify({ ...profile, tokn: "x" }));
    assert.match((await fault()).message, /"tokn"/);
  });
});
