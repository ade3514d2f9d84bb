import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isPublic } from "#hub/workflow/calls/addresses.js";
import { AddressGuard } from "#hub/workflow/calls/guard.js";
import { httpStubs } from "#test/support/http.js";
import { caller, failureOf } from "./caller.js";

/** Inner places in every spelling that a URL has for them. */
const inner = [
  "http://127.0.0.1/",
  "http://127.1/",
  "http://0x7f.1/",
  "http://0177.0.0.1/",
  "http://2130706433/",
  "http://0/",
  "http://０.0.0.0/",
  "http://127.0.0.1.:80/",
  "http://10.1.2.3/",
  "http://172.16.0.1/",
  "http://172.31.255.255/",
  "http://192.168.1.1/",
  "http://100.64.0.1/",
  "http://100.100.100.200/latest/meta-data/",
  "http://169.254.169.254/latest/meta-data/",
  "http://192.0.0.192/opc/v2/",
  "http://168.63.129.16/",
  "http://198.18.0.1/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://[::]/",
  "http://[::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[::127.0.0.1]/",
  "http://[64:ff9b::10.0.0.1]/",
  "http://[2002:7f00:1::]/",
  "http://[fe80::1]/",
  "http://[fc00::1]/",
  "http://[fd00:ec2::254]/",
  "http://[ff02::1]/",
  "http://[2001:db8::1]/",
];

describe("the guard of calls", () => {
  const stub = httpStubs();

  it("refuses inner addresses however they are written", async () => {
    const call = caller({ allow: [] });
    for (const endpoint of inner) {
      const error = await failureOf(call("http", { method: "get", endpoint }));
      assert.deepEqual([error.kind, error.status], ["authorization", 403], endpoint);
      assert.match(error.detail ?? "", /http\.allow in hub\.yaml/);
    }
  });

  it("knows without the DNS what is certain, and says no more", () => {
    const refuses = (allow: readonly string[], host: string) => {
      try {
        new AddressGuard({ allow }).checkWritten(host);
        return false;
      } catch {
        return true;
      }
    };
    for (const endpoint of inner) assert.ok(refuses([], new URL(endpoint).hostname), endpoint);
    for (const host of ["localhost", "a.LocalHost."]) {
      assert.ok(refuses([], host), host);
      assert.equal(refuses(["::1"], host), false, "it may have this address alone");
    }
    assert.equal(refuses(["localhost"], "localhost"), false);
    assert.equal(refuses(["10.0.0.0/8"], "10.1.2.3"), false);
    for (const host of ["1.1.1.1", "example.org", "notlocalhost"])
      assert.equal(refuses([], host), false, host);
  });

  it("knows public addresses", () => {
    for (const address of [
      "1.1.1.1",
      "172.32.0.1",
      "100.128.0.1",
      "2606:4700::1111",
      "::ffff:8.8.8.8",
      "64:ff9b::808:808",
    ])
      assert.equal(isPublic(address), true, address);
  });

  it("refuses a name if any of its addresses is an inner one, and does not say which", async () => {
    const call = caller({
      allow: [],
      resolver: () =>
        Promise.resolve([
          { address: "93.184.216.34", family: 4 },
          { address: "10.9.8.7", family: 4 },
        ]),
    });
    const error = await failureOf(call("http", { method: "get", endpoint: "http://rebinding.example.org/" }));
    assert.equal(error.kind, "authorization");
    assert.doesNotMatch(JSON.stringify(error), /10\.9/);
  });

  it("connects to the address that it has looked at, and asks the DNS once for each hop", async () => {
    const service = await stub(({ path }) =>
      path === "/end" ? { body: "ok" } : { status: 302, headers: { location: "/end" } },
    );
    const asked: string[] = [];
    const call = caller({
      resolver: (host) => {
        asked.push(host);
        // A second answer to the same question would lead to where nobody is.
        return Promise.resolve([{ address: asked.length > 2 ? "192.0.2.1" : "127.0.0.1", family: 4 }]);
      },
    });
    const endpoint = `http://somewhere.example.org:${service.port}/`;
    assert.ok(await call("http", { method: "get", endpoint, redirect: true }));
    assert.deepEqual(asked, ["somewhere.example.org", "somewhere.example.org"]);
    assert.equal(service.seen[0]?.headers.host, `somewhere.example.org:${service.port}`);
  });

  it("looks again at every redirect", async () => {
    const service = await stub(() => ({
      status: 307,
      headers: { location: "http://169.254.169.254/latest/" },
    }));
    const call = caller({ allow: ["127.0.0.1"] });
    const error = await failureOf(call("http", { method: "get", endpoint: service.origin, redirect: true }));
    assert.equal(error.kind, "authorization");
  });

  it("opens inner networks that are named: addresses, ranges, names, and all below a name", async () => {
    const resolver = () => Promise.resolve([{ address: "10.1.2.3", family: 4 }]);
    const allowed = async (entry: string, host: string) => {
      try {
        await new AddressGuard({ allow: [entry], resolver }).resolve(host);
        return true;
      } catch {
        return false;
      }
    };
    assert.equal(await allowed("10.0.0.0/8", "any.example.org"), true);
    assert.equal(await allowed("10.1.2.3", "[::ffff:10.1.2.3]"), true);
    assert.equal(await allowed("10.2.0.0/16", "any.example.org"), false);
    assert.equal(await allowed("fhir.example.org", "FHIR.example.org."), true);
    assert.equal(await allowed("fhir.example.org", "other.fhir.example.org"), false);
    assert.equal(await allowed("*.example.org", "a.b.example.org"), true);
    assert.equal(await allowed("*.example.org", "badexample.org"), false);
    assert.throws(() => new AddressGuard({ allow: ["10.0.0.0/33"] }), RangeError);
  });
});
