import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ComityError } from "#kernel/errors.js";
import { formatAddress, parseAddress } from "#proto/rpc/address.js";
import { proxyFor } from "#proto/rpc/proxy.js";

const hub = { host: "hub.example.org", port: 7600 };
const http = { host: "proxy", port: 3128 };

describe("addresses", () => {
  it("reads names, IPv4 and IPv6 with a port", () => {
    for (const text of ["hub.example.org:7600", "127.0.0.1:1", "[::1]:65535"]) {
      const { host, port } = parseAddress(text);
      assert.equal(formatAddress(host, port), text);
    }
  });

  for (const text of [
    "",
    "hub",
    "hub:",
    ":1",
    "hub:0",
    "hub:65536",
    "::1:1",
    "[::1]",
    "[hub]:1",
    "https://hub:1",
    "a b:1",
    "u@h:1",
    "h:1/x",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseAddress(text),
        (error) => error instanceof ComityError && error.code === "ARGUMENT_INVALID",
      );
    });
  }
});

describe("the proxy for a hub", () => {
  it("takes the setting before the environment", () => {
    const environment = { HTTPS_PROXY: "http://other:1" };
    assert.deepEqual(proxyFor(hub, "http://proxy:3128", environment), http);
    assert.deepEqual(proxyFor(hub, "http://a%40b:c%3Ad@proxy:3128/", {}), {
      ...http,
      credentials: "a@b:c:d",
    });
    assert.deepEqual(proxyFor(hub, "http://[::1]", {}), { host: "::1", port: 80 });
    assert.equal(proxyFor(hub, "none", environment), undefined);
    assert.equal(proxyFor(hub, "", environment), undefined);
    assert.equal(proxyFor(hub, undefined, {}), undefined);
  });

  it("reads the environment in either case", () => {
    assert.deepEqual(proxyFor(hub, undefined, { HTTPS_PROXY: "http://proxy:3128" }), http);
    assert.deepEqual(
      proxyFor(hub, undefined, { https_proxy: "http://proxy:3128", HTTPS_PROXY: "http://other:1" }),
      http,
    );
    assert.deepEqual(proxyFor(hub, undefined, { https_proxy: "", HTTPS_PROXY: "http://proxy:3128" }), http);
    assert.equal(proxyFor(hub, undefined, { HTTP_PROXY: "http://proxy:3128" }), undefined);
  });

  it("leaves out loopback and what NO_PROXY names", () => {
    const reaches = (host: string, noProxy: string, name = "NO_PROXY") =>
      proxyFor({ host, port: 7600 }, undefined, { https_proxy: "http://proxy:3128", [name]: noProxy }) ===
      undefined;
    for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1", "x.localhost"])
      assert(reaches(host, ""), host);
    for (const entry of [
      "example.org",
      ".example.org",
      "*.example.org",
      "HUB.example.org",
      "*",
      "a, hub.example.org:7600",
    ]) {
      assert(reaches("hub.example.org", entry), entry);
      assert(reaches("hub.example.org", entry, "no_proxy"), entry);
    }
    for (const entry of ["ample.org", "hub.example.org:1", "example.com", ",", "hub"])
      assert(!reaches("hub.example.org", entry), entry);
    assert(
      reaches("10.1.2.3", "10.0.0.0/8") && reaches("10.1.2.3", "10.1.2.3") && reaches("fd00::1", "fd00::/8"),
    );
    assert(
      !reaches("11.1.2.3", "10.0.0.0/8") &&
        !reaches("10.1.2.3", "1.2.3") &&
        !reaches("10.1.2.3", "10.0.0.0/99"),
    );
  });

  it("refuses what is no HTTP proxy, and never repeats a password", () => {
    for (const setting of [
      "https://user:xyzzy@proxy:1",
      "socks5://xyzzy@proxy",
      "proxy:3128",
      "xyzzy",
      "http://proxy/xyzzy",
      "http://u:%zzxyzzy@proxy",
    ]) {
      for (const find of [
        () => proxyFor(hub, setting, {}),
        () => proxyFor(hub, undefined, { HTTPS_PROXY: setting }),
      ]) {
        assert.throws(find, (error) => {
          assert(error instanceof ComityError && error.code === "PROXY_INVALID", setting);
          return !error.message.includes("xyzzy");
        });
      }
    }
  });
});
