import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { PeerCertificate } from "node:tls";
import { Metadata } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, it } from "mocha";
import { newKey } from "#certs/keys.js";
import { Authoriser } from "#hub/access/authoriser.js";
import { checkTable, mayCall, table } from "#hub/access/table.js";
import {
  AgentService,
  ControlService,
  EnrollmentService,
  listMethods,
  ResultsService,
} from "#proto/rpc/definitions.js";
import { type Caller, roles } from "#proto/rpc/principal.js";
import { temporaryFolders } from "../../support/folders.js";
import { berlin, dayMs, type IdentityHub, openIdentityHub, trustDomain } from "../../support/hub-identity.js";

const ours = listMethods([AgentService, ControlService, EnrollmentService, ResultsService]);
const foreign = [...table.keys()].filter((method) => method.startsWith("/grpc."));
const agent = { kind: "agent", site: berlin, serial: "01", notAfterMs: Infinity } as const;

describe("hub/access/table", () => {
  it("has a row for every method of the .proto files, and no other", () => {
    checkTable([...ours, ...foreign]);
    assert.throws(() => checkTable([...ours, ...foreign, "/comity.v1.Control/Explode"]), {
      code: "INTERNAL",
      message: /without a row: \/comity\.v1\.Control\/Explode/,
    });
    assert.throws(() => checkTable(ours), { message: /rows without a method: .*Health/ });
  });

  it("keeps agents from Control, and operators from Agent", () => {
    for (const method of ours) {
      if (method.startsWith("/comity.v1.Control/")) assert.ok(!mayCall(method, agent), method);
      if (!method.startsWith("/comity.v1.Agent/")) continue;
      for (const role of roles) assert.ok(!mayCall(method, { kind: "operator", name: "ada", role }), method);
    }
  });

  it("lets nobody without an identity call anything but joining, health and reflection", () => {
    const open = [...table.keys()].filter((method) => mayCall(method, { kind: "anyone" }));
    assert.deepEqual(open, ["/comity.v1.Enrollment/Join", "/comity.v1.Enrollment/RenewExpired", ...foreign]);
  });

  it("lets only admins and coordinators change runs, and only admins sites and operators", () => {
    const who = (method: string) =>
      roles.filter((role) =>
        mayCall(`/comity.v1.Control/${method}`, { kind: "operator", name: "ada", role }),
      );
    for (const method of ["StartRun", "CancelRun"]) assert.deepEqual(who(method), ["admin", "coordinator"]);
    for (const method of ["InviteSite", "RevokeSite", "AddOperator", "RemoveOperator"]) {
      assert.deepEqual(who(method), ["admin"]);
    }
  });

  it("stands in the docs as it is", async () => {
    const text = await readFile(new URL("../../../../docs/reference/access.md", import.meta.url), "utf8");
    for (const [method, rule] of table) {
      const row = `| \`${method.slice(1)}\` | ${rule.join(", ")} |`;
      assert.ok(text.includes(row), `docs/reference/access.md lacks the row ${row}`);
    }
    const rows = text.split("\n").filter((line) => line.startsWith("| `"));
    assert.equal(rows.length, table.size);
  });

  it("refuses a method that has no row to everybody", () => {
    assert.ok(!mayCall("/comity.v1.Control/Explode", { kind: "operator", name: "ada", role: "admin" }));
    assert.ok(!mayCall("/comity.v1.Control/Explode", { kind: "anyone" }));
  });
});

describe("hub/access/authoriser", () => {
  const folder = temporaryFolders();
  let hub: IdentityHub;
  let authoriser: Authoriser;
  beforeEach(async () => {
    hub = await openIdentityHub(await folder());
    authoriser = new Authoriser({ ...hub, trustDomain });
  });
  afterEach(() => hub.store.close());

  const call = async (method: string, from: { chain?: string; headers?: string[] }) => {
    const metadata = new Metadata();
    for (const value of from.headers ?? []) metadata.add("authorization", value);
    // The fields of a PeerCertificate that are read; X509Certificate has its dates under other names.
    const x509 = from.chain === undefined ? undefined : new X509Certificate(from.chain);
    const peer =
      x509 &&
      ({
        raw: x509.raw,
        serialNumber: x509.serialNumber,
        valid_to: x509.validTo,
      } as unknown as PeerCertificate);
    const caller: Caller = { peer: "127.0.0.1:1", metadata, certificate: () => peer };
    return authoriser.authorise(method, caller);
  };
  const joined = async () => (await hub.join(await hub.invite(), newKey())).chain;

  it("knows an agent by its certificate, and lets it do what agents may", async () => {
    const chain = await joined();
    const { serialNumber, validTo } = new X509Certificate(chain);
    const principal = { kind: "agent", site: berlin, serial: serialNumber, notAfterMs: Date.parse(validTo) };
    assert.deepEqual(await call("/comity.v1.Agent/Session", { chain }), principal);
    assert.deepEqual(await call("/comity.v1.Results/GetResult", { chain }), principal);
    await assert.rejects(call("/comity.v1.Control/StartRun", { chain }), { code: "PERMISSION_DENIED" });
  });

  it("refuses an agent that is revoked, or whose certificate has ended on a living connection", async () => {
    const chain = await joined();
    hub.clock.ms += dayMs + 1;
    await assert.rejects(call("/comity.v1.Agent/Session", { chain }), { code: "CERTIFICATE_INVALID" });
    hub.clock.ms -= dayMs;
    await call("/comity.v1.Agent/Session", { chain });
    await hub.store.write((tx) => hub.enrolment.revoke(tx, berlin, ""));
    await assert.rejects(call("/comity.v1.Agent/Session", { chain }), { code: "SITE_REVOKED" });
    const next = await joined();
    await call("/comity.v1.Agent/Session", { chain: next });
    await assert.rejects(call("/comity.v1.Agent/Session", { chain }), { code: "SITE_REVOKED" });
  });

  it("knows an operator by one bearer token", async () => {
    const added = await hub.store.write((tx) =>
      hub.operators.add(tx, { name: "ada", role: "viewer", ttlDays: 0 }),
    );
    const token = await hub.operators.tokenOf(added);
    const headers = [`Bearer ${token}`];
    assert.deepEqual(await call("/comity.v1.Control/ListRuns", { headers }), {
      kind: "operator",
      name: "ada",
      role: "viewer",
    });
    await assert.rejects(call("/comity.v1.Control/StartRun", { headers }), {
      code: "PERMISSION_DENIED",
      message: /viewer/,
    });
    await assert.rejects(call("/comity.v1.Agent/Session", { headers }), { code: "PERMISSION_DENIED" });
    for (const bad of [[], ["Bearer "], [`Basic ${token}`], [...headers, ...headers], [`Bearer ${token}x`]]) {
      await assert.rejects(call("/comity.v1.Control/ListRuns", { headers: bad }), {
        code: "UNAUTHENTICATED",
      });
    }
  });

  it("asks nobody who joins or looks at health for an identity", async () => {
    for (const method of ["/comity.v1.Enrollment/Join", ...foreign]) {
      assert.deepEqual(await call(method, { headers: ["Bearer rubbish"] }), { kind: "anyone" });
    }
  });
});
