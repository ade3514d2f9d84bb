import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { MethodDefinition } from "@grpc/proto-loader";
import { describe, it } from "mocha";
import {
  AgentService,
  ControlService,
  EnrollmentService,
  packageDefinition,
  ResultsService,
} from "#proto/rpc/definitions.js";
import { root } from "#test/support/pages.js";
import { isZero, leftOut, type Plain, revive, signature } from "./wire.js";

/**
 * The wire as release 0.1 has it: hubs and agents of two releases talk to each other, so that what is in this file never changes. New
 * fields, messages and methods may come; of a message that is here they have their zero values.
 */
interface Wire {
  /** What each method takes and gives, by its path. */
  readonly methods: Readonly<Record<string, string>>;
  /** Number and type of each field of each message. */
  readonly messages: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Messages as bytes. In `fields` what is 0, empty or false is left out, and bytes are texts that begin with `hex:`. */
  readonly golden: readonly {
    readonly what: string;
    readonly message: string;
    readonly fields: Plain;
    readonly hex: string;
  }[];
}

interface Codec {
  readonly encode: (message: object) => Buffer;
  readonly decode: (bytes: Buffer) => object;
}

const wire = JSON.parse(await readFile(`${root}test/data/wire-v1.json`, "utf8")) as Wire;

const methods = [AgentService, ControlService, EnrollmentService, ResultsService].flatMap(
  // Each service's own type is narrower: messages of whatever method are objects here.
  ({ definition }) => Object.values(definition) as unknown as MethodDefinition<object, object>[],
);

const nameOf = ({ type }: { readonly type: object }): string => (type as { name: string }).name;

/** How the programs themselves write and read each message that is the whole of a request or a reply. */
const codecs = new Map<string, Codec>(
  methods.flatMap((method): [string, Codec][] => [
    [nameOf(method.requestType), { encode: method.requestSerialize, decode: method.requestDeserialize }],
    [nameOf(method.responseType), { encode: method.responseSerialize, decode: method.responseDeserialize }],
  ]),
);

function codecOf(message: string): Codec {
  const codec = codecs.get(message);
  assert.ok(codec, `no method takes or gives ${message} any more`);
  return codec;
}

describe("the wire of release 0.1", () => {
  it("has every method, with the same request and reply", () => {
    const now = Object.fromEntries(
      methods.map((method) => {
        const { path, requestType, requestStream, responseType, responseStream } = method;
        const request = `${requestStream ? "stream " : ""}${nameOf(requestType)}`;
        return [path, `${request} -> ${responseStream ? "stream " : ""}${nameOf(responseType)}`];
      }),
    );
    for (const [path, method] of Object.entries(wire.methods)) assert.equal(now[path], method, path);
  });

  it("has every field, with the same number and type", () => {
    for (const [message, fields] of Object.entries(wire.messages)) {
      const loaded = packageDefinition[`comity.v1.${message}`];
      assert.ok(loaded !== undefined && "type" in loaded, `there is no ${message} any more`);
      const now = signature(loaded.type);
      for (const [field, kind] of Object.entries(fields))
        assert.equal(now[field], kind, `${message}.${field}`);
    }
  });

  it("is in the golden messages to its last field", () => {
    const seen = new Set<string>();
    const walk = (message: string, fields: Plain): void => {
      for (const [field, value] of Object.entries(fields)) {
        const kind = wire.messages[message]?.[field];
        if (kind === undefined) continue;
        seen.add(`${message}.${field}`);
        const inner = /^\d+ (?:repeated )?([A-Z]\w+)/.exec(kind)?.[1];
        if (inner !== undefined) for (const part of [value].flat()) walk(inner, part as Plain);
      }
    };
    for (const { message, fields } of wire.golden) walk(message, fields);
    const all = Object.entries(wire.messages).flatMap(([message, fields]) =>
      Object.keys(fields).map((field) => `${message}.${field}`),
    );
    assert.deepEqual(
      all.filter((field) => !seen.has(field)),
      [],
    );
  });

  for (const { what, message, fields, hex } of wire.golden) {
    it(`${message}: ${what}`, () => {
      const { encode, decode } = codecOf(message);
      assert.equal(encode(revive(fields) as object).toString("hex"), hex, "other bytes");
      const decoded = decode(Buffer.from(hex, "hex"));
      assert.deepEqual(leftOut(decoded), leftOut(revive(fields)), "other fields");
    });
  }

  it("leaves out nothing but zeros when it compares", () => {
    for (const zero of ["", 0, false, [], {}, null, Buffer.alloc(0)]) assert.ok(isZero(zero));
    for (const value of ["0", -1, true, [0], { a: 0 }, Buffer.of(0)]) assert.ok(!isZero(value));
    // What a map holds counts, and so does a message that is there with nothing set.
    assert.deepEqual(leftOut({ body: "catalogue", catalogue: { datasets: [] }, extra: "" }), {
      body: "catalogue",
      catalogue: {},
    });
  });
});
