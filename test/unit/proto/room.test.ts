import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { AgentService, packageDefinition, ResultsService } from "#proto/rpc/definitions.js";
import { wire } from "#proto/rpc/limits.js";
import { allocateWithRoom, frameInPlace } from "#proto/rpc/room.js";

const { Upload, Download } = AgentService.definition;
const { DownloadModel } = ResultsService.definition;

/** What protobufjs makes of a message. */
function encoded(type: string, message: object): Buffer {
  const definition = packageDefinition[type];
  assert(definition !== undefined && "serialize" in definition && typeof definition.serialize === "function");
  return definition.serialize(message);
}

describe("bytes with room before them", () => {
  for (const size of [1, 127, 128, 16_383, 16_384, wire.chunkBytes, 1 << 21]) {
    it(`become a message where they lie, as protobufjs would make it: ${size}`, () => {
      const data = allocateWithRoom(size).fill(7);
      const framed = Download.responseSerialize({ data });
      assert.equal(framed.buffer, data.buffer);
      assert(framed.equals(encoded("comity.v1.Chunk", { data: Buffer.from(data) })));
      assert(DownloadModel.responseSerialize({ data }).equals(framed));
      assert(Download.responseDeserialize(framed).data.equals(data));
      const chunk = Upload.requestSerialize({ chunk: data });
      assert.equal(chunk.buffer, data.buffer);
      assert(chunk.equals(encoded("comity.v1.UploadRequest", { chunk: Buffer.from(data) })));
    });
  }

  it("are framed piece by piece, each over the end of the one before", () => {
    const bytes = allocateWithRoom(600).fill(1);
    const pieces = [0, 200, 400].map((at) => bytes.subarray(at, at + 200));
    for (const piece of pieces) assert.equal(Download.responseDeserialize(frame(piece)).data.length, 200);
    assert(pieces[2]?.every((byte) => byte === 1));
  });

  it("are told from other bytes, which are copied and left alone", () => {
    const around = Buffer.alloc(64, 9);
    const data = around.subarray(32);
    assert.equal(frameInPlace(1, data), undefined);
    const message = Download.responseSerialize({ data });
    assert.notEqual(message.buffer, around.buffer);
    assert(around.every((byte) => byte === 9));
    assert(Download.responseDeserialize(message).data.equals(data));
  });

  it("leave every other message to protobufjs", () => {
    const header = { header: { opId: "an-op" } };
    assert(Upload.requestSerialize(header).equals(encoded("comity.v1.UploadRequest", header)));
    assert.equal(Download.responseSerialize({}).length, 0);
    assert.equal(
      Upload.requestDeserialize(Upload.requestSerialize({ chunk: allocateWithRoom(0) })).body,
      "chunk",
    );
  });
});

const frame = (data: Buffer): Buffer => Download.responseSerialize({ data });
