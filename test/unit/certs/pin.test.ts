import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, createServer } from "node:net";
import { describe, it } from "mocha";
import { hostName, leafExtensions, signCertificate } from "#certs/certificate.js";
import { decode } from "#certs/der.js";
import { keyToPem, newKey } from "#certs/keys.js";
import { oids } from "#certs/oids.js";
import { fetchPinnedRoot } from "#certs/pin.js";
import { serverContext } from "#certs/tls.js";
import { fieldsOf } from "#certs/x509.js";
import { listenTls, portOf, TestAuthority } from "../../support/tls.js";

describe("certs/pin", () => {
  const ours = new TestAuthority();
  const pins = [ours.authority.rootPin];
  const h2 = { ALPNProtocols: ["h2"] };

  it("takes the root whose key is pinned, directly and over a given socket", async () => {
    const { port, close } = await listenTls({ ...serverContext({ identity: ours.hub() }), ...h2 });
    const other = new TestAuthority().authority.rootPin;
    assert.equal(await fetchPinnedRoot({ host: "127.0.0.1", port, pins: [other, ...pins] }), ours.root);
    assert.equal(await fetchPinnedRoot({ host: "localhost", port, pins }), ours.root);
    const connect = async () => {
      const socket = connectTcp({ host: "127.0.0.1", port });
      await once(socket, "connect");
      return socket;
    };
    assert.equal(await fetchPinnedRoot({ host: "hub.elsewhere.example", port: 1, pins, connect }), ours.root);
    await close();
  });

  it("refuses another root, a missing root, and a certificate that is not under the root that is shown", async () => {
    const identity = ours.hub();
    const context = serverContext({ identity });
    // The hub's public certificates behind a leaf of one's own that claims to be issued by them.
    const key = newKey();
    const issuing = new X509Certificate(ours.material.issuing);
    const { subject } = fieldsOf(decode(issuing.raw));
    const { certificate } = signCertificate({
      subject: { organisation: "test.example", name: "Comity hub" },
      publicKey: key,
      notBeforeMs: Date.now() - 60_000,
      notAfterMs: Date.now() + 60_000,
      extensions: leafExtensions(oids.serverAuth, [hostName("127.0.0.1")]),
      issuer: { subject, key, publicKey: issuing.publicKey },
    });
    const forged = { ...context, key: keyToPem(key), cert: certificate + ours.material.issuing + ours.root };
    for (const [options, why] of [
      [serverContext({ identity: new TestAuthority().hub() }), /root key is not the one/],
      [{ ...context, cert: identity.chain }, /does not show its root/],
      [forged, /was not issued under/],
    ] as const) {
      const { port, close } = await listenTls({ ...options, ...h2 });
      const fetched = fetchPinnedRoot({ host: "127.0.0.1", port, pins });
      await assert.rejects(fetched, { code: "PIN_MISMATCH", message: why }).finally(close);
    }
  });

  it("says that there is no hub: nobody listens, no TLS, TLS 1.2 only", async () => {
    const plain = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume();
      socket.end("SSH-2.0-x\r\n");
    }).listen(0, "127.0.0.1");
    await once(plain, "listening");
    const port = portOf(plain);
    await assert.rejects(fetchPinnedRoot({ host: "127.0.0.1", port, pins }), { code: "HUB_UNREACHABLE" });
    plain.close();
    await once(plain, "close");
    await assert.rejects(fetchPinnedRoot({ host: "127.0.0.1", port, pins }), {
      code: "HUB_UNREACHABLE",
      message: /ECONNREFUSED/,
    });
    const old = await listenTls({
      ...serverContext({ identity: ours.hub() }),
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.2",
    });
    await assert.rejects(fetchPinnedRoot({ host: "127.0.0.1", port: old.port, pins }), {
      code: "HUB_UNREACHABLE",
    });
    await old.close();
  });
});
