import assert from "node:assert/strict";
import type { MessageTypeDefinition } from "@grpc/proto-loader";
import { describe, it } from "mocha";
import {
  AgentService,
  ControlService,
  EnrollmentService,
  listMethods,
  packageDefinition,
  ResultsService,
} from "#proto/rpc/definitions.js";
import { bytesFields, fieldsOf } from "#proto/rpc/strict.js";

const all = [AgentService, ControlService, EnrollmentService, ResultsService];
/** Every message of the package, by name. */
const messages = Object.entries(packageDefinition).flatMap(([name, type]) =>
  "serialize" in type && typeof type.serialize === "function" ? [{ name, type: type as Message }] : [],
);
type Message = MessageTypeDefinition<object, object>;

/** The last word of a message's name; references within a package are relative. */
const shortName = (name: string): string => name.split(".").at(-1) ?? "";

describe("the wire's definitions", () => {
  it("has every method of every service", () => {
    assert.deepEqual(
      listMethods(all).map((path) => path.split("/")[1]),
      [
        ...Array<string>(4).fill("comity.v1.Agent"),
        ...Array<string>(23).fill("comity.v1.Control"),
        ...Array<string>(3).fill("comity.v1.Enrollment"),
        ...Array<string>(6).fill("comity.v1.Results"),
      ],
    );
    const { Session, Download, Upload, StatBlob } = AgentService.definition;
    assert.deepEqual([Session.requestStream, Session.responseStream], [true, true]);
    assert.deepEqual([Download.requestStream, Download.responseStream], [false, true]);
    assert.deepEqual([Upload.requestStream, Upload.responseStream], [true, false]);
    assert.deepEqual([StatBlob.requestStream, StatBlob.responseStream], [false, false]);
  });

  it("refuses what is cut off, at whatever byte", () => {
    const { requestSerialize, requestDeserialize } = ControlService.definition.StartRun;
    const bytes = requestSerialize({ opId: "an-op", workflowSource: "{}", name: "digits" });
    assert.equal(requestDeserialize(bytes).name, "digits");
    // A string field of our own messages never begins at these lengths: every cut falls into a field.
    const whole = new Set([0, 7, 11]);
    for (let length = 0; length < bytes.length; length++) {
      const cut = () => requestDeserialize(bytes.subarray(0, length));
      if (whole.has(length)) cut();
      else assert.throws(cut, `${length} bytes were accepted`);
    }
  });

  it("gives bytes as Buffers, without a copy", () => {
    const { requestSerialize, requestDeserialize } = AgentService.definition.Upload;
    const bytes = requestSerialize({ chunk: Buffer.from("abc") });
    const { body, chunk } = requestDeserialize(bytes);
    assert.equal(body, "chunk");
    assert(Buffer.isBuffer(chunk));
    assert.equal(chunk.toString(), "abc");
    assert.equal(chunk.buffer, bytes.buffer);
    const { requestSerialize: join, requestDeserialize: joined } = EnrollmentService.definition.Join;
    const request = joined(join({ token: "t", certificateRequest: Buffer.of(1, 2) }));
    assert(Buffer.isBuffer(request.certificateRequest) && request.certificateRequest.length === 2);
    assert(Buffer.isBuffer(joined(Buffer.alloc(0)).certificateRequest));
  });

  it("makes Buffers of the bytes of every message, also of the one that another holds", () => {
    assert(messages.length > 40);
    const withBytes = messages.filter(({ type }) => bytesFields(type).length > 0);
    assert.deepEqual(withBytes.map(({ name }) => shortName(name)).sort(), [
      "Chunk",
      "JoinRequest",
      "RenewExpiredRequest",
      "RenewRequest",
      "UploadHeader",
      "UploadRequest",
    ]);
    const held = messages
      .flatMap(({ type }) => fieldsOf(type))
      .filter((field) => field.type === "TYPE_MESSAGE")
      .map((field) => shortName(String(Reflect.get(field, "typeName"))));
    // Its `inline` is made a Buffer where the header is decoded; any other must come to be as well.
    assert.deepEqual(
      withBytes.map(({ name }) => shortName(name)).filter((name) => held.includes(name)),
      ["UploadHeader"],
    );
  });

  it("keeps 64-bit numbers as numbers and leaves out what a oneof does not hold", () => {
    const { requestSerialize, requestDeserialize } = AgentService.definition.Session;
    const message = requestDeserialize(requestSerialize({ heartbeat: { seq: Number.MAX_SAFE_INTEGER } }));
    assert.equal(message.body, "heartbeat");
    assert.equal(message.heartbeat?.seq, Number.MAX_SAFE_INTEGER);
    assert.equal("hello" in message, false);
  });

  it("does not let a map key reach a prototype", () => {
    const { requestSerialize, requestDeserialize } = ControlService.definition.InviteSite;
    const labels: Record<string, string> = Object.fromEntries([["__proto__", "x"]]);
    const request = requestDeserialize(requestSerialize({ labels }));
    assert.equal(Object.getPrototypeOf(request.labels), Object.prototype);
    assert.equal(Reflect.get({}, "x"), undefined);
  });
});
