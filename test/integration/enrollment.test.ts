import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { newKey } from "#certs/keys.js";
import { createRequest } from "#certs/request.js";
import { enrollmentService } from "#hub/rpc/enrollment.js";
import { Attempts } from "#hub/sites/attempts.js";
import { EnrollmentService } from "#proto/rpc/definitions.js";
import { temporaryFolders } from "../support/folders.js";
import { berlin, type IdentityHub, minuteMs, openIdentityHub } from "../support/hub-identity.js";
import { testListeners } from "../support/rpc.js";

describe("Enrollment over gRPC", () => {
  const folder = temporaryFolders();
  const listen = testListeners();
  let hub: IdentityHub;
  beforeEach(async () => {
    hub = await openIdentityHub(await folder());
  });
  afterEach(() => hub.store.close());

  const serve = async () => {
    const { enrolment, clock } = hub;
    const functions = enrollmentService({
      enrolment,
      attempts: new Attempts(clock),
      clock,
      agentAddress: () => "hub.example:7444",
    });
    return listen((listener) => listener.add(EnrollmentService, functions));
  };
  const request = (token: string) => ({
    token,
    certificateRequest: createRequest(newKey()),
    agentVersion: "0.1.0",
  });

  it("answers Join with the chain, the root and the way to the agent port", async () => {
    const channel = (await serve()).channel();
    const reply = await channel.unary(EnrollmentService.definition.Join, request(await hub.invite()));
    assert.match(reply.certificateChain, /^-----BEGIN CERTIFICATE-----/);
    assert.match(reply.root, /^-----BEGIN CERTIFICATE-----/);
    assert.equal(reply.agentAddress, "hub.example:7444");
    assert.equal(reply.site, berlin);
    assert.equal(reply.hubTimeMs, hub.clock.ms);
  });

  it("carries code and hint of a refusal, and slows down who keeps failing", async () => {
    const channel = (await serve()).channel();
    const join = (token: string) => channel.unary(EnrollmentService.definition.Join, request(token));
    for (let attempt = 0; attempt < 20; attempt++) {
      await assert.rejects(join("rubbish"), { code: "TOKEN_INVALID", hint: /operator/ });
    }
    const token = await hub.invite();
    await assert.rejects(join("rubbish"), { code: "RATE_LIMITED" });
    await assert.rejects(join(token), { code: "RATE_LIMITED" });
    hub.clock.ms += minuteMs;
    assert.equal((await join(token)).site, berlin);
  });

  it("gives Renew to agents only", async () => {
    const channel = (await serve()).channel();
    const renewal = channel.unary(EnrollmentService.definition.Renew, {
      certificateRequest: createRequest(newKey()),
    });
    await assert.rejects(renewal, { code: "PERMISSION_DENIED" });
  });
});
