import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, it } from "mocha";
import { clientContext, serverContext } from "#certs/tls.js";
import { ComityError } from "#kernel/errors.js";
import { silentLog } from "#kernel/log.js";
import { parseAddress } from "#proto/rpc/address.js";
import { RpcChannel } from "#proto/rpc/channel.js";
import { AgentService, ControlService } from "#proto/rpc/definitions.js";
import { RpcListener } from "#proto/rpc/listener.js";
import { authority, readAll, type TestListener, testListeners, until } from "../support/rpc.js";
import { TestAuthority } from "../support/tls.js";

const getHub = ControlService.definition.GetHub;
const session = AgentService.definition.Session;

const control = (listener: RpcListener) =>
  listener.addSome(ControlService, { GetHub: (_request, call) => Promise.resolve({ name: call.peer }) });

/** A session that answers each heartbeat until the agent ends it, and says how it ended. */
function sessions() {
  const seen = { peer: "", over: 0, aborted: 0 };
  const setUp = (listener: RpcListener) =>
    listener.addSome(AgentService, {
      async Session(messages, send, call) {
        seen.peer = call.peer;
        call.signal.addEventListener("abort", () => seen.aborted++);
        try {
          await readAll(messages, ({ heartbeat }) => {
            if (heartbeat) send({ heartbeat });
          });
        } finally {
          seen.over++;
        }
      },
    });
  return { seen, setUp };
}

/** Opens a session on a channel and waits until it answers. */
async function openSession(channel: RpcChannel) {
  await channel.ready();
  const call = channel.bidi(session);
  const beats: number[] = [];
  const reading = readAll(call.messages, ({ heartbeat }) => beats.push(heartbeat?.seq ?? 0));
  reading.catch(() => undefined);
  const beat = async (seq: number) => {
    call.send({ heartbeat: { seq } });
    await until(() => beats.includes(seq), `heartbeat ${seq} came back`);
  };
  await beat(1);
  return { call, reading, beat };
}

/** Resolves when the hub has closed the socket. */
async function closed(socket: Socket): Promise<void> {
  socket.on("error", () => undefined);
  socket.resume();
  if (!socket.closed) await once(socket, "close");
}

const unreachable = (error: unknown) => error instanceof ComityError && error.code === "HUB_UNREACHABLE";

describe("connections to a listener", () => {
  const listen = testListeners();
  const tcp = (hub: TestListener) => connectTcp(parseAddress(hub.address));
  const tls = (hub: TestListener, version: "TLSv1.2" | "TLSv1.3", alpn = "h2") =>
    connectTls({
      ...parseAddress(hub.address),
      ca: authority.root,
      minVersion: version,
      maxVersion: version,
      ALPNProtocols: [alpn],
    });
  const tlsFails = (hub: TestListener, version: "TLSv1.2" | "TLSv1.3") =>
    assert.rejects(once(tls(hub, version), "secureConnect"), /protocol version/);

  it("cuts a peer off that finishes TLS and then says nothing, or nothing that is a call", async () => {
    const hub = await listen(control, { limits: { firstRequestMs: 150 } });
    const silent = tls(hub, "TLSv1.3");
    await once(silent, "secureConnect");
    await closed(silent);
    await closed(tcp(hub));
    await until(() => hub.listener.connectionCount === 0, "no connection was left");
  });

  it("lets a peer stay that has called", async () => {
    const hub = await listen(control, { limits: { firstRequestMs: 150 } });
    const channel = hub.channel();
    const { name } = await channel.unary(getHub, {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal((await channel.unary(getHub, {})).name, name);
  });

  it("refuses TLS 1.2, before and after the certificate was replaced", async () => {
    const hub = await listen(control);
    await tlsFails(hub, "TLSv1.2");
    hub.credentials.rotate(serverContext({ identity: authority.hub() }));
    await tlsFails(hub, "TLSv1.2");
    await hub.channel().unary(getHub, {});
  });

  it("replaces its certificate under a live session", async () => {
    const { seen, setUp } = sessions();
    const hub = await listen(setUp, { agents: true });
    const live = await openSession(hub.channel());
    const fresh = authority.hub();
    hub.credentials.rotate(serverContext({ identity: fresh, clientRoots: authority.root }));
    const socket = connectTls({
      ...parseAddress(hub.address),
      ...clientContext({ root: authority.root, identity: authority.agent() }),
    });
    await once(socket, "secureConnect");
    const serial = socket.getPeerCertificate().raw;
    socket.destroy();
    assert(fresh.chain.includes(serial.toString("base64").slice(0, 60)), "the new certificate was shown");
    await live.beat(2);
    assert.equal(seen.over, 0);
    await openSession(hub.channel());
  });

  it("keeps the present certificate when the new one does not fit its key", async () => {
    const hub = await listen(control);
    const [one, other] = [authority.hub(), authority.hub()];
    assert.throws(
      () => hub.credentials.rotate(serverContext({ identity: { ...one, key: other.key } })),
      (error) => error instanceof ComityError && error.code === "CERTIFICATE_INVALID",
    );
    await hub.channel().unary(getHub, {});
  });

  it("cuts one peer off with its live session, and no other", async () => {
    const { seen, setUp } = sessions();
    const hub = await listen(setUp, { agents: true });
    const first = await openSession(hub.channel());
    const { peer } = seen;
    const second = await openSession(hub.channel());
    assert.equal(hub.listener.cut(peer), true);
    await assert.rejects(first.reading, unreachable);
    await until(() => seen.over === 1 && seen.aborted === 1, "the handler was told");
    await second.beat(2);
    assert.equal(hub.listener.cut(peer), false);
  });

  it("caps the connections from one address and over all", async () => {
    for (const limits of [{ maxPerAddress: 2 }, { maxConnections: 2 }]) {
      const hub = await listen(control, { limits });
      const held = [hub.channel(), hub.channel()];
      for (const channel of held) await channel.unary(getHub, {});
      await closed(tcp(hub));
      await assert.rejects(hub.channel().unary(getHub, {}), unreachable);
      held[0]?.close();
      await until(() => hub.listener.connectionCount === 1, "a place was free");
      await hub.channel().unary(getHub, {});
    }
  });

  it("lets nobody in without a certificate of its own authority", async () => {
    const { setUp } = sessions();
    const hub = await listen(setUp, { agents: true });
    await assert.rejects(hub.channel({ agent: false }).ready(), unreachable);
    const stranger = new TestAuthority();
    const { key, chain } = stranger.agent();
    const foreign = new RpcChannel({
      address: hub.address,
      tls: { ...clientContext({ root: authority.root }), key, cert: chain },
    });
    await assert.rejects(foreign.ready(), unreachable);
    foreign.close();
    // Neither may a hub's certificate be used by an agent.
    const { key: hubKey, chain: hubChain } = authority.hub();
    const wrongUse = new RpcChannel({
      address: hub.address,
      tls: { ...clientContext({ root: authority.root }), key: hubKey, cert: hubChain },
    });
    await assert.rejects(wrongUse.ready(), unreachable);
    wrongUse.close();
    await openSession(hub.channel());
  });

  it("lets running calls end when it stops, refuses new ones, and ends the rest", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    const { seen, setUp } = sessions();
    const hub = await listen((listener) => {
      setUp(listener);
      listener.addSome(ControlService, {
        async GetHub() {
          begun++;
          await gate;
          return { name: "done" };
        },
        async *WatchRun(_request, call) {
          yield { seq: 1 };
          await once(call.signal, "abort");
        },
      });
    });
    const channel = hub.channel();
    const running = channel.unary(getHub, {});
    const watching = readAll(channel.serverStream(ControlService.definition.WatchRun, { runId: "r" }));
    watching.catch(() => undefined);
    const live = await openSession(hub.channel());
    await until(() => begun === 1, "the call had begun");
    const stopped = hub.listener.stop({ graceMs: 3_000 });
    const draining = (error: unknown) => error instanceof ComityError && error.code === "HUB_DRAINING";
    await assert.rejects(channel.unary(getHub, {}), draining);
    await assert.rejects(watching, draining);
    release();
    assert.equal((await running).name, "done");
    // The session was not told to go, so it has the whole grace.
    await live.beat(2);
    await stopped;
    await assert.rejects(live.reading, draining);
    assert.equal(seen.over, 1);
    await assert.rejects(hub.channel().ready(), unreachable);
  });

  it("stops at once when every session ends of itself", async () => {
    const { setUp } = sessions();
    const hub = await listen(setUp);
    const live = await openSession(hub.channel());
    const stopped = hub.listener.stop({ graceMs: 50_000 });
    live.call.end();
    await live.reading;
    await stopped;
  });

  it("says which address is taken", async () => {
    const hub = await listen(control);
    const { host, port } = parseAddress(hub.address);
    const other = new RpcListener({
      credentials: hub.credentials,
      authorise: () => ({ kind: "anyone" }),
      log: silentLog,
    });
    await assert.rejects(other.listen(host, port), (error) => {
      assert(error instanceof ComityError && error.code === "CONFIG_INVALID");
      return error.message.includes(hub.address);
    });
    await other.stop({ graceMs: 0 });
  });
});
