import assert from "node:assert/strict";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { afterEach, describe, it } from "mocha";
import type { Json } from "#kernel/json.js";
import { httpStubs } from "#test/support/http.js";
import { TestAuthority } from "#test/support/tls.js";
import { caller, failureOf } from "./caller.js";

const proto = `
syntax = "proto3";
package pets.v1;
import "google/protobuf/timestamp.proto";
enum Kind { KIND_UNKNOWN = 0; CAT = 1; DOG = 2; }
message Pet {
  string full_name = 1;
  uint64 chip = 2;
  Kind kind = 3;
  bytes photo = 4;
  repeated Pet friends = 5;
  map<string, int32> counts = 6;
  google.protobuf.Timestamp born = 7;
  double weight = 8;
}
message Nothing {}
service Pets {
  rpc Mirror (Pet) returns (Pet);
  rpc Fail (Nothing) returns (Nothing);
  rpc Hang (Nothing) returns (Nothing);
  rpc Watch (Nothing) returns (stream Pet);
}
`;

const definition: ServiceDefinition = Object.fromEntries(
  ["Mirror", "Fail", "Hang"].map((name) => {
    const same = (bytes: Buffer) => bytes;
    const shape = {
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
    };
    return [
      name,
      { ...shape, path: `/pets.v1.Pets/${name}`, responseSerialize: same, responseDeserialize: same },
    ];
  }),
);

describe("call: grpc", () => {
  const stub = httpStubs();
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.forceShutdown();
  });

  /** A service that gives every message back. */
  async function serve(credentials = ServerCredentials.createInsecure()) {
    const seen: Metadata[] = [];
    const server = new Server();
    servers.push(server);
    const methods: UntypedServiceImplementation = {
      Mirror: (
        call: { request: Buffer; metadata: Metadata },
        answer: (error: null, reply: Buffer) => void,
      ) => {
        seen.push(call.metadata);
        answer(null, call.request);
      },
      Fail: (call: { metadata: Metadata }, answer: (error: object) => void) => {
        const wish = Number(call.metadata.get("authorization")[0]?.toString().replace("Bearer ", ""));
        answer({ code: wish, details: `no: Bearer ${wish}` });
      },
      Hang: () => undefined,
    };
    server.addService(definition, methods);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return { port, seen };
  }

  async function calling(settings: Parameters<typeof caller>[0] = {}, text = proto) {
    const documents = await stub(() => ({ body: text }));
    const call = caller(settings);
    return (service: { port: number; host?: string; authentication?: Json }, method: string, given?: Json) =>
      call("grpc", {
        proto: { endpoint: `${documents.origin}/pets.proto` },
        service: { name: "pets.v1.Pets", host: "127.0.0.1", ...service },
        method,
        ...(given === undefined ? {} : { arguments: given }),
      });
  }

  it("sends arguments of every kind, and gives the reply as JSON", async () => {
    const { port, seen } = await serve();
    const call = await calling();
    const pet = {
      full_name: "Rex",
      chip: "18446744073709551615",
      kind: "DOG",
      photo: "AQI=",
      friends: [{ fullName: "Tom", kind: 1 }],
      counts: { a: -1 },
      born: { seconds: "9007199254740993" },
      weight: 1.5,
    };
    const reply = (await call({ port, authentication: { bearer: { token: "t" } } }, "Mirror", pet)) as Record<
      string,
      Json
    >;
    const { friends, ...rest } = reply;
    assert.deepEqual(rest, {
      fullName: "Rex",
      chip: "18446744073709551615",
      kind: "DOG",
      photo: "AQI=",
      counts: { a: -1 },
      born: { seconds: "9007199254740993", nanos: 0 },
      weight: 1.5,
    });
    assert.equal((friends as readonly Record<string, Json>[])[0]?.["kind"], "CAT");
    assert.deepEqual(seen[0]?.get("authorization"), ["Bearer t"]);
    assert.deepEqual(seen[0].get("idempotency-key"), ["run-1/effect-1"]);
    assert.equal(((await call({ port }, "Mirror")) as Record<string, Json>)["kind"], "KIND_UNKNOWN");
  });

  it("refuses arguments that do not fit, and what the proto has not", async () => {
    const call = await calling();
    const bad: [string, Json, RegExp][] = [
      ["Mirror", { fulName: "Rex" }, /no field "fulName"; did you mean "fullName"/],
      ["Mirror", { kind: "DOGS" }, /kind must be one of .*did you mean "DOG"/],
      ["Mirror", { weight: "heavy" }, /weight/],
      ["Mirror", { chip: "18446744073709551616" }, /chip/],
      ["Mirror", { friends: [{ kinds: 1 }] }, /no field "kinds"/],
      ["Miror", {}, /no method "Miror".*did you mean "Mirror"/],
      ["Watch", {}, /streams/],
    ];
    for (const [method, given, message] of bad) {
      const { kind, title = "", detail = "" } = await failureOf(call({ port: 1 }, method, given));
      assert.equal(kind, "configuration", method);
      assert.match(`${title} ${detail}`, message);
    }
    const protos: [string, RegExp][] = [
      ["message {", /cannot be read/],
      ['syntax = "proto3"; import "/etc/passwd";', /imports \/etc\/passwd/],
      [`${proto} message M { string __proto__ = 1; }`, /__proto__/],
      [proto.replace("rpc Mirror (Pet)", "rpc Mirror (Absent)"), /cannot be read/],
      ['syntax = "proto3"; service Other {}', /no service "pets\.v1\.Pets".*It has Other/],
    ];
    for (const [text, message] of protos) {
      const {
        kind,
        title = "",
        detail = "",
      } = await failureOf((await calling({}, text))({ port: 1 }, "Mirror"));
      assert.equal(kind, "configuration", text.slice(0, 60));
      assert.match(`${title} ${detail}`, message);
    }
  });

  it("tells the status in the numbers of HTTP, without credentials", async () => {
    const { port } = await serve();
    const call = await calling();
    const fail = (code: number) =>
      failureOf(call({ port, authentication: { bearer: { token: String(code) } } }, "Fail"));
    const kinds = {
      [status.NOT_FOUND]: ["communication", 404],
      [status.UNAUTHENTICATED]: ["authentication", 401],
      [status.PERMISSION_DENIED]: ["authorization", 403],
      [status.INTERNAL]: ["communication", 500],
      [status.DEADLINE_EXCEEDED]: ["timeout", 408],
    };
    for (const [code, expected] of Object.entries(kinds)) {
      const error = await fail(Number(code));
      assert.deepEqual([error.kind, error.status], expected);
      assert.equal(error.detail, "no: Bearer [secret]");
    }
    const gone = await failureOf(call({ port: 1 }, "Fail"));
    assert.deepEqual([gone.kind, gone.status], ["communication", 503]);
    const late = await failureOf((await calling({ timeoutMs: 500 }))({ port }, "Hang"));
    assert.equal(late.kind, "timeout");
  });

  it("speaks TLS to all but those that are named, and checks the certificate's name", async () => {
    const authority = new TestAuthority();
    const { key, chain } = authority.hub(["pets.example.org"]);
    const { port } = await serve(
      ServerCredentials.createSsl(null, [{ private_key: Buffer.from(key), cert_chain: Buffer.from(chain) }]),
    );
    const resolver = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
    const trusting = await calling({ ca: authority.root, resolver });
    const reply = (await trusting({ port, host: "pets.example.org" }, "Mirror", {
      fullName: "Rex",
    })) as Record<string, Json>;
    assert.equal(reply["fullName"], "Rex");
    assert.equal((await failureOf(trusting({ port, host: "other.example.org" }, "Mirror"))).status, 503);
    const strange = await calling({ resolver });
    assert.equal((await failureOf(strange({ port, host: "pets.example.org" }, "Mirror"))).status, 503);
    const plain = await serve();
    const unnamed = await failureOf(trusting({ port: plain.port, host: "pets.inner.example.org" }, "Mirror"));
    assert.match(unnamed.detail ?? "", /does not speak TLS.*http\.plaintext/);
    const named = await calling({ resolver, plaintext: ["*.inner.example.org"] });
    assert.ok(await named({ port: plain.port, host: "pets.inner.example.org" }, "Mirror"));
  });

  it("keeps to the guard, and refuses a proto of the hub's own disk", async () => {
    const call = await calling();
    assert.equal((await failureOf(call({ port: 443, host: "10.0.0.1" }, "Mirror"))).kind, "authorization");
    const argument = {
      proto: { endpoint: "file:///etc/passwd" },
      service: { name: "a", host: "b" },
      method: "c",
    };
    assert.equal((await failureOf(caller()("grpc", argument))).kind, "configuration");
  });

  it("ends when nobody waits for it", async () => {
    const { port } = await serve();
    const control = new AbortController();
    const documents = await stub(() => ({ body: proto }));
    const hanging = caller()(
      "grpc",
      {
        proto: { endpoint: documents.origin },
        service: { name: "Pets", host: "127.0.0.1", port },
        method: "Hang",
      },
      control.signal,
    );
    setTimeout(() => control.abort(new Error("not wanted")), 50);
    await assert.rejects(hanging, /not wanted/);
  });
});
