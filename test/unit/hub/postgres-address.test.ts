import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { readPostgresAddress } from "#hub/store/postgres-address.js";
import { temporaryFolders } from "../../support/folders.js";

describe("the address of a PostgreSQL database", () => {
  const folder = temporaryFolders();

  it("is read, with what the URL escapes", async () => {
    const { name, client } = await readPostgresAddress("postgres://a%40b:p%23w@127.0.0.1:6000/my%20db");
    assert.equal(name, "127.0.0.1:6000/my db");
    const { user, password, host, port, database, ssl } = client;
    assert.deepEqual(
      [user, password, host, port, database, ssl],
      ["a@b", "p#w", "127.0.0.1", 6000, "my db", false],
    );
    assert.equal((await readPostgresAddress("postgresql://a@[::1]/d")).name, "[::1]:5432/d");
  });

  it("may name a socket, and leave the host out", async () => {
    const { client } = await readPostgresAddress("postgres://a@/d?host=/run/postgresql");
    assert.deepEqual([client.host, client.port, client.ssl], ["/run/postgresql", 5432, false]);
    assert.equal((await readPostgresAddress("postgres://a@/d")).client.host, "localhost");
  });

  it("asks other machines for TLS with a checked certificate, unless it is told not to", async () => {
    const of = async (query: string, dir = ".") =>
      (await readPostgresAddress(`postgres://a@db.example.org/d${query}`, { dir })).client.ssl;
    assert.deepEqual(await of(""), { host: "db.example.org" });
    assert.deepEqual(await of("?sslmode=verify-full"), { host: "db.example.org" });
    assert.equal(await of("?sslmode=disable"), false);
    const dir = await folder();
    await writeFile(join(dir, "root.pem"), "PEM");
    assert.deepEqual(await of("?sslrootcert=root.pem", dir), { host: "db.example.org", ca: "PEM" });
  });

  it("gives way to a password from elsewhere", async () => {
    const { client } = await readPostgresAddress("postgres://a:old@/d", { password: "new" });
    assert.equal(client.password, "new");
  });

  const wrong: readonly [string, RegExp][] = [
    ["", /form postgres:/],
    ["mysql://a:hunter2@h/d", /form postgres:/],
    ["host=db user=a password=hunter2", /form postgres:/],
    ["postgres://a:hunter2@h", /names no database/],
    ["postgres://:hunter2@h/d", /names no user/],
    ["postgres://a:hunter2%@h/d", /write %25/],
    ["postgres://a:hunter2@h/d?port=0", /wrong port/],
    ["postgres://a:hunter2@h/d?sslmode=prefer", /sslmode prefer; there are disable, verify-full/],
    ["postgres://a:hunter2@h/d?sslrootcert=/nowhere.pem", /\/nowhere.pem .* cannot be read/],
    ["postgres://a:hunter2@h/d?options=-c", /unknown part options/],
  ];
  for (const [address, message] of wrong) {
    it(`is refused, and not shown: ${JSON.stringify(address.replace("hunter2", "…"))}`, async () => {
      await assert.rejects(
        readPostgresAddress(address),
        (error: Error & { code?: string; hint?: string }) => {
          assert.equal(error.code, "CONFIG_INVALID");
          assert.match(error.message, message);
          assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2/);
          return true;
        },
      );
    });
  }
});
