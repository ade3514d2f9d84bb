import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, describe, it } from "mocha";
import { clientContext } from "#certs/tls.js";
import { ComityError } from "#kernel/errors.js";
import { parseAddress } from "#proto/rpc/address.js";
import { RpcChannel } from "#proto/rpc/channel.js";
import { ControlService } from "#proto/rpc/definitions.js";
import { openSocket, type Proxy } from "#proto/rpc/proxy.js";
import { authority, testListeners } from "../support/rpc.js";

const getHub = ControlService.definition.GetHub;

describe("a channel to a hub", () => {
  const listen = testListeners();
  const hub = () =>
    listen((listener) =>
      listener.addSome(ControlService, { GetHub: () => Promise.resolve({ name: "hub" }) }),
    );
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  const channelTo = (
    address: string,
    settings: { connectMs?: number; proxy?: Proxy; root?: string } = {},
  ) => {
    const { root = authority.root, ...rest } = settings;
    const channel = new RpcChannel({ address, tls: clientContext({ root }), ...rest });
    ends.push(() => channel.close());
    return channel;
  };

  /** A TCP server for tests; its connections end with it. */
  async function tcpServer(serve: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      serve(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** An HTTP CONNECT proxy; answers what it was asked for. */
  async function connectProxy(credentials?: string): Promise<{ proxy: Proxy; asked: string[] }> {
    const asked: string[] = [];
    const server = createHttpServer();
    const sockets = new Set<Duplex>();
    server.on("connect", (request: IncomingMessage, socket: Duplex) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      const wanted =
        credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
      asked.push(request.url ?? "");
      if (request.headers["proxy-authorization"] !== wanted) {
        socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        return;
      }
      const { host, port } = parseAddress(request.url ?? "");
      const onward = connect({ host, port }, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        onward.pipe(socket).pipe(onward);
      });
      sockets.add(onward);
      onward.on("error", () => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return {
      proxy: { host: "127.0.0.1", port, ...(credentials === undefined ? {} : { credentials }) },
      asked,
    };
  }

  const refused = async (channel: RpcChannel): Promise<ComityError> => {
    const error: unknown = await channel.unary(getHub, {}).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert(error instanceof ComityError, String(error));
    return error;
  };

  it("reaches a hub by IP address and by name, without a warning of Node's", async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(warning.message);
    process.on("warning", note);
    const { address } = await hub();
    for (const host of ["127.0.0.1", "localhost"]) {
      assert.equal((await channelTo(`${host}:${parseAddress(address).port}`).unary(getHub, {})).name, "hub");
    }
    process.off("warning", note);
    assert.deepEqual(warnings, []);
  });

  it("refuses a hub whose certificate is for another host", async () => {
    const { port } = parseAddress((await hub()).address);
    const error = await refused(channelTo(`127.0.0.2:${port}`));
    assert.equal(error.code, "HUB_UNREACHABLE");
  });

  it("refuses another address that leads to the same hub, if the certificate does not have it", async () => {
    const { port } = parseAddress((await hub()).address);
    const through = await tcpServer((socket) => {
      const onward = connect({ host: "127.0.0.1", port });
      onward.on("error", () => socket.destroy());
      onward.pipe(socket).pipe(onward);
    });
    const { proxy, asked } = await connectProxy();
    const away = { ...proxy };
    const error = await refused(channelTo(`127.0.0.3:${parseAddress(through).port}`, { proxy: away }));
    assert.equal(error.code, "HUB_UNREACHABLE");
    assert(asked.length > 0);
  });

  it("refuses a hub under another root, and says so", async () => {
    const { address } = await hub();
    const { TestAuthority } = await import("../support/tls.js");
    const error = await refused(channelTo(address, { root: new TestAuthority().root }));
    assert.equal(error.code, "HUB_UNREACHABLE");
    assert.match(error.message, /certificate/);
    assert.match(error.hint ?? "", /trusted root/);
  });

  it("says at once that nobody listens", async () => {
    const address = await tcpServer(() => undefined);
    await ends.pop()?.();
    const error = await refused(channelTo(address));
    assert.equal(error.code, "HUB_UNREACHABLE");
    assert.match(error.message, new RegExp(`^The hub at ${address} cannot be reached: .*ECONNREFUSED`));
    assert.match(error.hint ?? "", /hub runs/);
  });

  it("gives up on a peer that takes the connection and stays silent, and finds the hub when it heals", async () => {
    const { port } = parseAddress((await hub()).address);
    let healed = false;
    const address = await tcpServer((socket) => {
      if (!healed) return;
      const onward = connect({ host: "127.0.0.1", port });
      onward.on("error", () => socket.destroy());
      onward.pipe(socket).pipe(onward);
    });
    const channel = channelTo(address, { connectMs: 300 });
    assert.match((await refused(channel)).message, /no answer within/);
    healed = true;
    assert.equal((await channel.unary(getHub, {})).name, "hub");
  });

  it("comes back by itself when the hub was away", async () => {
    const first = await hub();
    const channel = channelTo(first.address);
    await channel.unary(getHub, {});
    await first.listener.stop({ graceMs: 0 });
    assert.equal((await refused(channel)).code, "HUB_UNREACHABLE");
    const { host, port } = parseAddress(first.address);
    const second = await hub();
    const bridge = createServer((socket) => {
      const onward = connect(parseAddress(second.address));
      socket.on("error", () => onward.destroy());
      onward.on("error", () => socket.destroy());
      onward.pipe(socket).pipe(onward);
    });
    bridge.listen(port, host);
    await once(bridge, "listening");
    ends.push(() => bridge.close());
    assert.equal((await channel.unary(getHub, {})).name, "hub");
    channel.close();
  });

  it("goes through an HTTP CONNECT proxy, with and without a password", async () => {
    const { address } = await hub();
    for (const credentials of [undefined, "user:pass word"]) {
      const { proxy, asked } = await connectProxy(credentials);
      assert.equal((await channelTo(address, { proxy }).unary(getHub, {})).name, "hub");
      assert.deepEqual(asked, [address]);
      (await openSocket(address, proxy)).destroy();
    }
  });

  it("says why a proxy does not let it through", async () => {
    const { address } = await hub();
    const { proxy } = await connectProxy("user:right");
    const error = await refused(channelTo(address, { proxy: { ...proxy, credentials: "user:wrong" } }));
    assert.equal(error.code, "PROXY_INVALID");
    assert.match(error.message, /HTTP 407/);
    assert.doesNotMatch(error.message + (error.hint ?? ""), /wrong/);
    const nobody = { host: "127.0.0.1", port: 1 };
    assert.match(
      (await refused(channelTo(address, { proxy: nobody }))).message,
      /proxy 127\.0\.0\.1:1 does not answer/,
    );
    await assert.rejects(openSocket(address, nobody), /does not answer/);
  });

  it("ends what runs when it is closed", async () => {
    const waiting = await listen((listener) =>
      listener.addSome(ControlService, { GetHub: () => new Promise(() => undefined) }),
    );
    const channel = channelTo(waiting.address);
    await channel.ready();
    const call = refused(channel);
    setTimeout(() => channel.close(), 50);
    assert.match((await call).message, /was closed here/);
    assert.match((await refused(channel)).message, /closed/);
  });
});
