import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ComityError, type ErrorCode } from "#kernel/errors.js";
import type { ControlHandlers } from "#proto/generated/comity/v1/Control.js";
import type { CallInfo } from "#proto/rpc/call.js";
import type { Method } from "#proto/rpc/calls.js";
import { AgentService, ControlService } from "#proto/rpc/definitions.js";
import type { Implementation } from "#proto/rpc/handlers.js";
import { bearerToken, requireAgent, requireOperator } from "#proto/rpc/principal.js";
import { collect, testListeners } from "../support/rpc.js";

const control = ControlService.definition;

/** The code of the error that a promise must end with. */
async function refusal(call: Promise<unknown>): Promise<ComityError> {
  try {
    await call;
  } catch (error) {
    assert(error instanceof ComityError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "the call was not refused" });
}

describe("calls over the wire", () => {
  const listen = testListeners();
  const withGetHub = (getHub: Implementation<ControlHandlers>["GetHub"]) =>
    listen((listener) => listener.addSome(ControlService, { GetHub: getHub }));

  it("answers a unary call, with numbers for 64-bit fields", async () => {
    const hub = await withGetHub((_request, call) =>
      Promise.resolve({ name: call.method, startedAtMs: 1_700_000_000_123, sitesOnline: 3 }),
    );
    const reply = await hub.channel().unary(control.GetHub, {});
    assert.equal(reply.name, "/comity.v1.Control/GetHub");
    assert.equal(reply.startedAtMs, 1_700_000_000_123);
    assert.equal(reply.version, "");
  });

  it("carries code, sentence and hint of an error, whatever characters they have", async () => {
    const hub = await withGetHub(() =>
      Promise.reject(
        new ComityError("QUORUM_LOST", "Zu wenige Stätten: 2 % „da“\n2 \u001b[31mfehlen.", {
          hint: "50 % müssen – da sein.",
        }),
      ),
    );
    const error = await refusal(hub.channel().unary(control.GetHub, {}));
    assert.equal(error.code, "QUORUM_LOST");
    assert.equal(error.message, "Zu wenige Stätten: 2 % „da“\n2 \\u001b[31mfehlen.");
    assert.equal(error.hint, "50 % müssen – da sein.");
  });

  for (const [how, fail] of [
    ["asynchronous", () => Promise.reject(new Error("the password is xyzzy"))],
    [
      "synchronous",
      () => {
        throw new Error("the password is xyzzy");
      },
    ],
  ] as const) {
    it(`hides an unexpected ${how} throw behind a reference`, async () => {
      const error = await refusal((await withGetHub(fail)).channel().unary(control.GetHub, {}));
      assert.equal(error.code, "INTERNAL");
      assert.match(error.message, /as [0-9a-f]{8}\.$/);
      assert.doesNotMatch(error.message, /xyzzy/);
    });
  }

  it("delivers an error sentence with a lone surrogate, and one of 200 KB", async () => {
    const sentences = ["broken \ud800 text", "x".repeat(200_000), "€".repeat(50_000)];
    const hub = await withGetHub(() =>
      Promise.reject(new ComityError("PLAN_INVALID", sentences.shift() ?? "")),
    );
    const channel = hub.channel();
    assert.equal((await refusal(channel.unary(control.GetHub, {}))).message, "broken \ufffd text");
    for (const letter of ["x", "€"]) {
      const error = await refusal(channel.unary(control.GetHub, {}));
      assert.equal(error.code, "PLAN_INVALID");
      assert.match(error.message, new RegExp(`^${letter}{300,}…$`));
      assert(Buffer.byteLength(error.message) <= 1024);
    }
  });

  it("refuses a message whose string is longer than itself", async () => {
    const seen: string[] = [];
    const hub = await listen((listener) =>
      listener.addSome(ControlService, {
        GetSite: (request) => {
          seen.push(request.site);
          return Promise.resolve({});
        },
      }),
    );
    const raw: Method<Buffer, unknown> = {
      path: control.GetSite.path,
      requestSerialize: (bytes) => bytes,
      responseDeserialize: () => undefined,
    };
    const channel = hub.channel();
    // Field 1, a string of 100 bytes, and only three of them.
    assert.equal(
      (await refusal(channel.unary(raw, Buffer.from([0x0a, 0x64, 0x61, 0x62, 0x63])))).code,
      "INTERNAL",
    );
    await channel.unary(raw, Buffer.from([0x0a, 0x03, 0x61, 0x62, 0x63]));
    assert.deepEqual(seen, ["abc"]);
  });

  it("refuses a message that is too large, in either direction", async () => {
    const hub = await listen((listener) =>
      listener.addSome(ControlService, {
        StartRun: ({ workflowSource }) => Promise.resolve({ workflowJson: workflowSource }),
        GetHub: () => Promise.resolve({ name: "x".repeat(17 << 20) }),
      }),
    );
    const channel = hub.channel();
    const fits = "x".repeat(1 << 20);
    assert.equal(
      (await channel.unary(control.StartRun, { workflowSource: fits })).workflowJson.length,
      1 << 20,
    );
    const large = channel.unary(control.StartRun, { workflowSource: "x".repeat(2 << 20) });
    assert.equal((await refusal(large)).code, "MESSAGE_TOO_LARGE");
    assert.equal((await refusal(channel.unary(control.GetHub, {}))).code, "MESSAGE_TOO_LARGE");
  });

  it("refuses metadata of more than 8 KiB before the handler is called", async () => {
    let called = false;
    const hub = await withGetHub(() => {
      called = true;
      return Promise.resolve({});
    });
    const error = await refusal(hub.channel({ token: "x".repeat(9_000) }).unary(control.GetHub, {}));
    assert.equal(error.code, "MESSAGE_TOO_LARGE");
    assert.equal(called, false);
  });

  it("ends a handler that never answers, and tells it", async () => {
    let call: CallInfo | undefined;
    const hub = await listen(
      (listener) =>
        listener.addSome(ControlService, {
          GetHub: (_request, info) => {
            call = info;
            return new Promise(() => undefined);
          },
        }),
      { limits: { requestMs: 200 } },
    );
    assert.equal((await refusal(hub.channel().unary(control.GetHub, {}))).code, "DEADLINE_EXCEEDED");
    assert.equal(call?.signal.aborted, true);
  });

  it("keeps the caller's deadline and signal", async () => {
    const calls: CallInfo[] = [];
    const hub = await withGetHub((_request, info) => {
      calls.push(info);
      return new Promise((resolve) => info.signal.addEventListener("abort", () => resolve({})));
    });
    const channel = hub.channel();
    assert.equal(
      (await refusal(channel.unary(control.GetHub, {}, { deadlineMs: 300 }))).code,
      "DEADLINE_EXCEEDED",
    );
    assert(Number.isFinite(calls[0]?.deadlineMs));
    const cancel = new AbortController();
    const late = channel.unary(control.GetHub, {}, { signal: cancel.signal });
    setTimeout(() => cancel.abort(new Error("enough")), 100);
    await assert.rejects(late, /enough/);
  });

  it("asks who calls before anything else, and hands it to the handler", async () => {
    const hub = await listen(
      (listener) =>
        listener.addSome(ControlService, {
          GetHub: (_request, call) => Promise.resolve({ name: requireOperator(call).name }),
          ListSites: (_request, call) => Promise.resolve({ sites: [{ site: requireAgent(call).site }] }),
        }),
      {
        authorise: async (_method, { metadata }) => {
          await Promise.resolve();
          const token = bearerToken(metadata);
          if (token === undefined) throw new ComityError("UNAUTHENTICATED", "No token.");
          return { kind: "operator", name: token, role: "viewer" };
        },
      },
    );
    assert.equal((await hub.channel({ token: "ada" }).unary(control.GetHub, {})).name, "ada");
    const codes: ErrorCode[] = [];
    codes.push((await refusal(hub.channel().unary(control.GetHub, {}))).code);
    codes.push((await refusal(hub.channel({ token: "ada" }).unary(control.ListSites, {}))).code);
    assert.deepEqual(codes, ["UNAUTHENTICATED", "PERMISSION_DENIED"]);
  });

  it("gives the client certificate to whoever decides", async () => {
    const seen: unknown[] = [];
    const hub = await listen(
      (listener) => listener.addSome(AgentService, { StatBlob: () => Promise.resolve({ offset: 7 }) }),
      {
        agents: true,
        authorise: (_method, caller) => {
          seen.push(caller.certificate());
          assert.match(caller.certificate()?.subjectaltname ?? "", /^URI:spiffe:/);
          return { kind: "anyone" };
        },
      },
    );
    const channel = hub.channel();
    for (let i = 0; i < 2; i++) await channel.unary(AgentService.definition.StatBlob, {});
    assert.equal(seen[0], seen[1]);
  });

  it("says that a call is not known", async () => {
    const hub = await withGetHub(() => Promise.resolve({}));
    assert.deepEqual(hub.listener.methods, ["/comity.v1.Control/GetHub"]);
    const error = await refusal(hub.channel().unary(control.GetRun, { runId: "x" }));
    assert.equal(error.code, "PROTOCOL_UNSUPPORTED");
  });

  it("refuses too many calls on one connection, not on another", async () => {
    const hub = await listen(
      (listener) => listener.addSome(ControlService, { GetHub: () => Promise.resolve({}) }),
      { limits: { callsPerSecond: 5 } },
    );
    const channel = hub.channel();
    const answers = await Promise.allSettled(
      Array.from({ length: 30 }, () => channel.unary(control.GetHub, {})),
    );
    const refused = answers.flatMap((answer) =>
      answer.status === "rejected" ? [answer.reason as unknown] : [],
    );
    assert(refused.length > 0 && refused.length <= 20, `${refused.length} were refused`);
    for (const reason of refused) assert(reason instanceof ComityError && reason.code === "RATE_LIMITED");
    await hub.channel().unary(control.GetHub, {});
  });

  it("reports a hub's streams that end with an error after messages", async () => {
    const hub = await listen((listener) =>
      listener.addSome(ControlService, {
        async *WatchRun() {
          yield { seq: 1 };
          yield { seq: 2 };
          await Promise.resolve();
          throw new ComityError("RUN_NOT_FOUND", "Gone.");
        },
      }),
    );
    const seen: number[] = [];
    const reading = (async () => {
      for await (const event of hub.channel().serverStream(control.WatchRun, { runId: "r" }))
        seen.push(event.seq);
    })();
    assert.equal((await refusal(reading)).code, "RUN_NOT_FOUND");
    assert.deepEqual(seen, [1, 2]);
  });

  it("talks both ways", async () => {
    const hub = await listen((listener) =>
      listener.addSome(AgentService, {
        async Session(messages, send) {
          for await (const { heartbeat } of messages)
            if (heartbeat) send({ heartbeat: { seq: heartbeat.seq + 1 } });
          send({ drain: { reason: "bye" } });
        },
      }),
    );
    const channel = hub.channel();
    await channel.ready();
    const session = channel.bidi(AgentService.definition.Session);
    for (const seq of [1, 2, 3]) session.send({ heartbeat: { seq } });
    session.end();
    const answers = await collect(session.messages);
    assert.deepEqual(
      answers.map(({ body, heartbeat, drain }) => (body === "heartbeat" ? heartbeat?.seq : drain?.reason)),
      [2, 3, 4, "bye"],
    );
    assert.equal(session.send({ heartbeat: { seq: 4 } }), false);
  });
});
