import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { connect, createSecureContext } from "node:tls";
import { describe, it } from "mocha";
import { Authority } from "#certs/authority.js";
import { keyToPem, newKey } from "#certs/keys.js";
import { clientContext, serverContext } from "#certs/tls.js";
import { parseSiteId } from "#kernel/ids.js";
import { callTls, listenTls, TestAuthority } from "../../support/tls.js";

describe("certs/tls", () => {
  const ours = new TestAuthority();
  const identity = ours.hub();
  const strict = {
    ...serverContext({ identity, clientRoots: ours.root }),
    requestCert: true,
    rejectUnauthorized: true,
  };
  const client = clientContext({ root: ours.root, identity: ours.agent() });

  async function serving<T>(
    options: Parameters<typeof listenTls>[0],
    use: (listener: Awaited<ReturnType<typeof listenTls>>) => Promise<T>,
  ): Promise<T> {
    const listener = await listenTls(options);
    try {
      return await use(listener);
    } finally {
      await listener.close();
    }
  }

  it("lets a site's certificate in, and shows the hub's under each of its names", () =>
    serving(strict, async ({ port }) => {
      assert.equal((await callTls(port, client)).text, "hello");
      assert.equal((await callTls(port, { ...client, servername: "localhost" })).text, "hello");
    }));

  it("refuses no certificate, a foreign authority's, an expired one, one too young, and a server's", () =>
    serving(strict, async ({ port }) => {
      const day = 86_400_000;
      await assert.rejects(callTls(port, clientContext({ root: ours.root })), /certificate required/);
      // These end without an alert: Node looks at the verdict after the handshake, and closes.
      for (const bad of [
        new TestAuthority().agent(),
        ours.agent("acme/berlin", { nowMs: Date.now() - 2 * day }),
        ours.agent("acme/berlin", { nowMs: Date.now() + day }),
        ours.hub(),
      ]) {
        await assert.rejects(callTls(port, clientContext({ root: ours.root, identity: bad })));
      }
      assert.equal((await callTls(port, client)).text, "hello");
    }));

  it("refuses, as a client, a foreign hub, a site's certificate as a hub's, and a wrong name", async () => {
    const cases = [
      [new TestAuthority().hub(), /self-signed|unable to/],
      [ours.agent(), /purpose/],
      [ours.hub(["hub.example"]), /altnames/],
    ] as const;
    for (const [bad, why] of cases) {
      await serving(serverContext({ identity: bad }), ({ port }) =>
        assert.rejects(callTls(port, client), { message: why }),
      );
    }
  });

  it("refuses a site's certificate with a name outside our trust domain, also when our authority signed it", async () => {
    const other = new TestAuthority("other.example");
    // The same root with another name in its URIs: only the name constraint stands against it.
    const lying = new Authority({ ...ours.material, trustDomain: other.authority.trustDomain });
    const key = newKey();
    const { chain } = lying.issueAgent({
      site: parseSiteId("acme/berlin"),
      publicKey: key,
      nowMs: Date.now(),
    });
    await serving(strict, ({ port }) =>
      assert.rejects(
        callTls(port, clientContext({ root: ours.root, identity: { key: keyToPem(key), chain } })),
      ),
    );
  });

  it("speaks TLS 1.3 only, also after its context was replaced", () =>
    serving(strict, async ({ port, server }) => {
      const old = { ...client, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
      await assert.rejects(callTls(port, old), /protocol version/);
      server.setSecureContext(serverContext({ identity: ours.hub(), clientRoots: ours.root }));
      await assert.rejects(callTls(port, old), /protocol version/);
      assert.equal((await callTls(port, client)).text, "hello");
      const lax = await listenTls({ ...strict, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" });
      await assert.rejects(callTls(lax.port, client), /protocol version/);
      assert.equal((await callTls(lax.port, old)).text, "hello", "the test server does speak 1.2");
      await lax.close();
    }));

  it("resumes no session, so that an expired certificate is refused although it was taken before", async () => {
    const attempt = async (options: Parameters<typeof listenTls>[0]): Promise<string> =>
      serving(options, async ({ port }) => {
        const brief = clientContext({
          root: ours.root,
          identity: ours.agent("acme/berlin", { lifetimeMs: 2000 }),
        });
        const secureContext = createSecureContext(brief);
        const session = await sessionOf(port, secureContext);
        await wait(2500);
        return callTls(port, { ...brief, secureContext, ...(session === undefined ? {} : { session }) }).then(
          () => "let in",
          () => "refused",
        );
      });
    const withTickets = { ...strict, secureOptions: 0 };
    const [control, real] = await Promise.all([attempt(withTickets), attempt(strict)]);
    assert.equal(control, "let in", "with tickets the session is resumed: the danger is real");
    assert.equal(real, "refused");
  });
});

/** A session to resume, as the server gave it. */
async function sessionOf(
  port: number,
  secureContext: ReturnType<typeof createSecureContext>,
): Promise<Buffer | undefined> {
  const socket = connect({ host: "127.0.0.1", port, secureContext });
  let session: Buffer | undefined;
  let text = "";
  socket.on("session", (value: Buffer) => {
    session = value;
  });
  socket.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  await once(socket, "close");
  assert.equal(text, "hello", "the certificate is good at first");
  return session;
}
