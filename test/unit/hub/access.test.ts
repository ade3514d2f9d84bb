import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkTable, mayCall, type Rule, table } from "#hub/access/table.js";
import { parseSiteId } from "#kernel/ids.js";
import {
  AgentService,
  ControlService,
  EnrollmentService,
  listMethods,
  packageDefinition,
  ResultsService,
} from "#proto/rpc/definitions.js";
import { type Principal, roles } from "#proto/rpc/principal.js";

const agent: Principal = {
  kind: "agent",
  site: parseSiteId("acme/a"),
  serial: "01",
  notAfterMs: Number.MAX_SAFE_INTEGER,
};
const anyone: Principal = { kind: "anyone" };
const operator = (role: (typeof roles)[number]): Principal => ({ kind: "operator", name: "ada", role });

const ours = listMethods([AgentService, ControlService, EnrollmentService, ResultsService]);

describe("the table of who may call what", () => {
  it("has a row for every method of every service in the .proto files", () => {
    const services = Object.entries(packageDefinition).filter(([, entry]) => !("format" in entry));
    assert.deepEqual(
      services.map(([name]) => name).sort(),
      ["Agent", "Control", "Enrollment", "Results"].map((name) => `comity.v1.${name}`),
    );
    const methods = services.flatMap(([, service]) =>
      Object.values(service as Record<string, { path: string }>).map(({ path }) => path),
    );
    assert.deepEqual(methods.sort(), ours);
    for (const method of methods) assert((table.get(method) ?? []).length > 0, method);
  });

  it("stops the hub at a method without a row, and at a row without a method", () => {
    const all = [...table.keys()];
    checkTable(all);
    assert.throws(() => checkTable([...all, "/comity.v1.Control/Forgotten"]), {
      code: "INTERNAL",
      message: /methods without a row: \/comity\.v1\.Control\/Forgotten\./,
    });
    for (const missing of all) {
      assert.throws(
        () => checkTable(all.filter((method) => method !== missing)),
        (error: Error) => error.message.includes(`rows without a method: ${missing}.`),
      );
    }
  });

  it("keeps agents out of Control, operators out of Agent, and strangers out of all but joining", () => {
    for (const method of ours) {
      const service = method.split("/")[1];
      const open = method === "/comity.v1.Enrollment/Join" || method === "/comity.v1.Enrollment/RenewExpired";
      assert.equal(mayCall(method, anyone), open, method);
      if (service === "comity.v1.Control") assert.equal(mayCall(method, agent), false, method);
      if (service === "comity.v1.Agent" || method.endsWith("/Renew")) {
        for (const role of roles) assert.equal(mayCall(method, operator(role)), false, `${role} ${method}`);
        assert(mayCall(method, agent));
      }
    }
  });

  it("lets only an admin change who takes part, and only those who run things start and cancel", () => {
    const callers = (method: string): Rule =>
      roles.filter((role) => mayCall(`/comity.v1.Control/${method}`, operator(role)));
    for (const method of ["InviteSite", "RevokeSite", "AddOperator", "RemoveOperator"])
      assert.deepEqual(callers(method), ["admin"], method);
    for (const method of ["StartRun", "CancelRun"])
      assert.deepEqual(callers(method), ["admin", "coordinator"], method);
  });

  it("lets nobody call what it does not know", () => {
    for (const caller of [anyone, agent, ...roles.map(operator)])
      assert.equal(mayCall("/comity.v1.Control/Forgotten", caller), false);
  });
});
