import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { describe, it } from "mocha";
import { newKey } from "#certs/keys.js";
import { createRequest } from "#certs/request.js";
import { table } from "#hub/access/table.js";
import { startHub } from "#hub/main.js";
import { sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { silentLog } from "#kernel/log.js";
import { parseAddress } from "#proto/rpc/address.js";
import type { Method } from "#proto/rpc/calls.js";
import type { RpcChannel } from "#proto/rpc/channel.js";
import { AgentService, EnrollmentService } from "#proto/rpc/definitions.js";
import { roles } from "#proto/rpc/principal.js";
import { joinSite, startTestHub } from "../support/hub.js";
import { until } from "../support/rpc.js";
import { chunks } from "../support/site.js";
import { TestAuthority } from "../support/tls.js";
import { ended, good, players, refusal, startTraining } from "../support/training.js";

const agent = AgentService.definition;

/** How an empty request to any method fails; undefined when it does not. Every kind of method begins in the same way. */
async function probe(channel: RpcChannel, path: string): Promise<string | undefined> {
  const method: Method<object, object> = {
    path,
    requestSerialize: () => Buffer.alloc(0),
    responseDeserialize: () => ({}),
  };
  const stop = new AbortController();
  const call = (async () => {
    const messages = channel.serverStream(method, {}, { signal: stop.signal });
    while ((await messages.next()).done !== true);
  })();
  const outcome = await Promise.race([
    call.then(
      () => undefined,
      (error: unknown) => (error instanceof ComityError ? error.code : String(error)),
    ),
    sleep(1500).then(() => "OPEN"),
  ]);
  stop.abort();
  await call.catch(() => undefined);
  return outcome;
}

/** What a caller gets who may not call. */
const shut = new Set(["UNAUTHENTICATED", "PERMISSION_DENIED", "PROTOCOL_UNSUPPORTED", "TOKEN_INVALID"]);

describe("who may call what, over the wire", function () {
  this.timeout(60_000);

  it("holds for the whole table: strangers, agents and every role, on both ports", async () => {
    await using hub = await startTestHub();
    const site = await joinSite(hub, "acme/a");
    const tokens: Record<string, string> = {};
    for (const role of roles)
      tokens[role] = (await hub.admin.addOperator({ name: role === "admin" ? "root" : role, role })).token;
    const callers: [string, RpcChannel][] = [
      ["anyone", hub.channel("control")],
      ["agent", site.channel],
      ["agent at the control port", hub.channel("control", { identity: site.identity })],
      ...roles.map((role): [string, RpcChannel] => [
        role,
        hub.channel("control", { token: tokens[role] ?? "" }),
      ]),
    ];
    for (const [path, rule] of table) {
      // The packages of gRPC itself are open to everybody; Watch of health never ends.
      if (path.startsWith("/grpc.")) continue;
      for (const [who, channel] of callers) {
        const outcome = await probe(channel, path);
        const named = who === "agent at the control port" ? "anyone" : who;
        const may = rule.some((allowed) => allowed === named || allowed === "anyone");
        const said = `${who} ${path}: ${String(outcome)}`;
        if (!may) assert(outcome !== undefined && shut.has(outcome), said);
        else if (who !== "agent" || rule.includes("agent")) {
          assert(outcome !== "UNAUTHENTICATED" && outcome !== "PERMISSION_DENIED", said);
          assert.notEqual(outcome, "PROTOCOL_UNSUPPORTED", `${said}: it is not served`);
        }
      }
    }
    assert.deepEqual(hub.faults, []);
  });

  it("lets nobody in with a token that counts no more, or that is another's", async () => {
    await using hub = await startTestHub();
    const { token } = await hub.admin.addOperator({ name: "eve", role: "admin" });
    await hub.admin.removeOperator({ name: "eve" });
    const invitation = await hub.admin.inviteSite({ site: "acme/a" });
    const path = "/comity.v1.Control/GetHub";
    for (const bad of [
      token,
      invitation.token,
      `${hub.profile.token.slice(0, -4)}AAAA`,
      "x",
      "x".repeat(5000),
    ])
      assert.equal(await probe(hub.channel("control", { token: bad }), path), "UNAUTHENTICATED");
    assert.equal((await hub.admin.getHub()).name, "test");
  });

  it("lets no agent in with a certificate of another authority, or with none", async () => {
    await using hub = await startTestHub();
    const stranger = new TestAuthority("localhost").agent("acme/a");
    for (const channel of [hub.channel("agents", { identity: stranger }), hub.channel("agents")])
      assert.equal((await refusal(channel.unary(agent.StatBlob, {}))).code, "HUB_UNREACHABLE");
  });
});

describe("sessions", function () {
  this.timeout(60_000);

  it("begin with one Hello of a version that both speak", async () => {
    await using hub = await startTestHub();
    const site = await joinSite(hub, "acme/a");
    const cases: [object, string, RegExp][] = [
      [{ body: "heartbeat", heartbeat: { seq: 1 } }, "MESSAGE_INVALID", /begins with Hello/],
      [{}, "MESSAGE_INVALID", /begins with Hello/],
      [
        { body: "hello", hello: { protocolMin: 2, protocolMax: 3 } },
        "PROTOCOL_UNSUPPORTED",
        /protocol 2 to 3, this hub speaks 1/,
      ],
      [{ body: "hello", hello: {} }, "PROTOCOL_UNSUPPORTED", /protocol 0 to 0/],
      [
        {
          body: "hello",
          hello: { protocolMin: 1, protocolMax: 1, held: [{ assignmentId: "../x", attempt: 1 }] },
        },
        "ARGUMENT_INVALID",
        /no assignment id/,
      ],
    ];
    for (const [message, code, says] of cases) {
      const session = await site.open();
      session.send(message);
      const end = await session.over();
      assert(end instanceof ComityError);
      assert.equal(end.code, code, end.message);
      assert.match(end.message, says);
    }
    const session = await site.connect();
    session.send({ body: "hello", hello: { protocolMin: 1, protocolMax: 9 } });
    const end = await session.over();
    assert(end instanceof ComityError && end.code === "MESSAGE_INVALID" && /one Hello/.test(end.message));
  });

  it("of one identity replace each other, and the newest gets the offers", async () => {
    await using hub = await startTestHub();
    const [one] = await players(hub, "acme/a");
    const newer = await one.site.connect();
    const end = await one.session.over();
    assert(end instanceof ComityError);
    assert.equal(end.code, "SESSION_REPLACED");
    assert.match(end.hint ?? "", /copied/);
    const { runId } = await startTraining(hub);
    await one.site.upload(good(await newer.next("offer")));
    assert.equal((await ended(hub, runId)).state, "completed");
    assert.equal(newer.end, undefined);
  });

  it("end at once for a revoked site, with its uploads; others go on", async () => {
    await using hub = await startTestHub();
    const [bad, other] = await players(hub, "acme/bad", "acme/good");
    const { runId } = await startTraining(hub, { grace: "200ms" });
    const answer = good(await bad.session.next("offer"));
    const rest = good(await other.session.next("offer"));
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    async function* slowly() {
      yield { body: "header", header: answer.header } as const;
      yield* chunks(answer.bytes.subarray(0, 32), 16);
      await released;
      yield* chunks(answer.bytes.subarray(32), 16);
    }
    const uploading = refusal(bad.site.send(slowly()));
    while ((await bad.site.stored(answer)) < 32);
    await hub.admin.revokeSite({ site: "acme/bad", reason: "contract ended" });
    const [listed] = (await hub.admin.listSites()).sites;
    assert.deepEqual([listed?.state, listed?.revokedReason], ["revoked", "contract ended"]);
    const end = await bad.session.over();
    assert(end instanceof ComityError && end.code === "SITE_REVOKED", String(end));
    release();
    assert.equal((await uploading).code, "SITE_REVOKED");
    // The connection still stands; no call on it does.
    assert.equal((await refusal(bad.site.stored(answer))).code, "SITE_REVOKED");
    const again = await bad.site.open();
    again.send({ body: "hello", hello: { protocolMin: 1, protocolMax: 1 } });
    const refused = await again.over();
    assert(refused instanceof ComityError && refused.code === "SITE_REVOKED");
    const renewal = bad.site.channel.unary(EnrollmentService.definition.Renew, {
      certificateRequest: createRequest(newKey()),
    });
    assert.equal((await refusal(renewal)).code, "SITE_REVOKED");
    await other.site.upload(rest);
    const run = await ended(hub, runId);
    assert.equal(run.state, "completed");
    assert.equal(run.rounds[0]?.samples, 10);
    assert.equal(other.session.end, undefined);
    assert.deepEqual(hub.faults, []);
  });

  it("bear messages about nothing that is theirs", async () => {
    await using hub = await startTestHub();
    const [one, other] = await players(hub, "acme/a", "acme/b");
    const { runId } = await startTraining(hub);
    const mine = await one.session.next("offer");
    const foreign = await other.session.next("offer");
    const { assignmentId } = foreign;
    for (const attempt of [0, 1, 2, 2 ** 32 - 1]) {
      one.session.send({ body: "refuse", refuse: { assignmentId, attempt, code: "X", reason: "sabotage" } });
      one.session.send({ body: "failed", failed: { assignmentId, attempt, code: "X", reason: "sabotage" } });
      one.session.send({ body: "accept", accept: { assignmentId, attempt } });
    }
    one.session.send({ body: "accept", accept: { assignmentId: "unknown", attempt: 1 } });
    one.session.send({
      body: "progress",
      progress: { assignmentId: mine.assignmentId, attempt: 1, fraction: Number.NaN },
    });
    one.session.send({});
    await one.site.upload(good(mine));
    await other.site.upload(good(foreign));
    const run = await ended(hub, runId);
    assert.equal(run.rounds[0]?.samples, 20);
    assert.equal(one.session.end, undefined);
  });

  it("that flood the hub keep nobody else from being served", async () => {
    await using hub = await startTestHub();
    const [loud, other] = await players(hub, "acme/loud", "acme/other");
    const { runId } = await startTraining(hub);
    const offer = await loud.session.next("offer");
    const rest = good(await other.session.next("offer"));
    const { assignmentId, attempt } = offer;
    // Someone watches, and does not read.
    const watch = hub.admin.watchRun(runId);
    await watch.next();
    const text = "x".repeat(1000);
    const progress = { body: "progress", progress: { assignmentId, attempt, fraction: 0.5, text } } as const;
    const seen = { sent: 0, quiet: false };
    const flood = (async () => {
      while (loud.session.end === undefined && !seen.quiet) {
        seen.sent++;
        if (!loud.session.send(progress)) await loud.session.drained();
      }
    })();
    await until(() => seen.sent > 500, "the flood has begun");
    // While it lasts, everybody else is served.
    await other.site.upload(rest);
    assert.equal((await hub.admin.getHub()).sitesOnline, 2);
    seen.quiet = true;
    await flood;
    await loud.site.upload(good(offer));
    assert.equal((await ended(hub, runId)).state, "completed");
    await watch.return();
    assert.deepEqual(hub.faults, []);
  });

  it("are told when the hub stops, and nothing goes wrong in it", async () => {
    await using hub = await startTestHub();
    const [one] = await players(hub, "acme/a");
    await hub.stop();
    assert(one.session.heard.some(({ body }) => body === "drain"));
    assert.deepEqual(hub.faults, []);
  });
});

describe("a hub that cannot start", () => {
  it("says why, and lets go of all it took", async () => {
    await using hub = await startTestHub();
    await hub.stop();
    const blocker: Server = createServer();
    const { port } = parseAddress(hub.running.agentAddress);
    await once(blocker.listen(port, "127.0.0.1"), "listening");
    try {
      await assert.rejects(startHub({ dir: hub.dir, log: silentLog }), {
        code: "CONFIG_INVALID",
        message: new RegExp(`cannot listen on 127.0.0.1:${port}`),
      });
    } finally {
      await once(blocker.close(), "close");
    }
    await hub.start();
    assert.equal((await hub.admin.getHub()).name, "test");
  });

  it("is refused on a folder that another one serves", async () => {
    await using hub = await startTestHub();
    await assert.rejects(startHub({ dir: hub.dir, log: silentLog }), { code: "STORE_BUSY" });
    assert.equal((await hub.admin.getHub()).name, "test");
  });
});
