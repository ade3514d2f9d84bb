import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UpdateChecker } from "#aggregation/tensors/checker.js";
import { decodeAnyTensors, encodeTensors } from "#aggregation/tensors/safetensors.js";
import { readJoinToken, signJoinToken } from "#certs/join-token.js";
import { newKey } from "#certs/keys.js";
import { createRequest, parseRequest } from "#certs/request.js";
import { hubConfigSchema } from "#hub/config.js";
import { planSchema } from "#hub/federated/functions/train.js";
import { eventFromHttp } from "#hub/http/event-body.js";
import { checkSignature } from "#hub/http/signature.js";
import { decodeCatalogue, decodeHeader } from "#hub/rpc/decode.js";
import { readPostgresAddress } from "#hub/store/postgres-address.js";
import { parseCron } from "#hub/workflow/definition/cron.js";
import { examine } from "#hub/workflow/definition/examine.js";
import { checkCel } from "#kernel/cel.js";
import { parseConfig, parseValue } from "#kernel/config.js";
import { parseSiteId } from "#kernel/ids.js";
import { parseJson } from "#kernel/json.js";
import { agentConfigSchema, initialConfig } from "#node-agent/config.js";
import { datasetConfigSchema } from "#node-agent/data/config.js";
import { CsvConnector } from "#node-agent/data/csv.js";
import { parseEvent } from "#proto/codec/cloud-event.js";
import type { FromAgent__Output } from "#proto/generated/comity/v1/FromAgent.js";
import { parseAddress } from "#proto/rpc/address.js";
import { proxyFor } from "#proto/rpc/proxy.js";
import { kinds } from "#proto/work/index.js";
import type { Target } from "./harness.js";
import { messages } from "./messages.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const file = (path: string): string => readFileSync(`${root}${path}`, "utf8");

const key = newKey();
const site = parseSiteId("acme/berlin");

const { token } = await signJoinToken({
  key,
  issuer: "hub.example.org",
  jti: "1",
  site,
  hub: ["hub.example.org:7443", "[::1]:7443"],
  ca: [`sha256:${"A".repeat(43)}`],
  nowMs: 1_800_000_000_000,
});

const specs = [
  { name: "a/kernel", dtype: "F32" as const, shape: [2, 3] },
  { name: "b", dtype: "I64" as const, shape: [2] },
];
const blob = encodeTensors([
  { name: "a/kernel", dtype: "F32", shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
  { name: "b", dtype: "I64", shape: [2], values: BigInt64Array.of(1n, -1n) },
]);

const table = datasetConfigSchema.parse({
  name: "d",
  path: "d.csv",
  columns: { "x*": { type: "number" }, y: { type: "category", classes: ["a", "b"] } },
  target: "y",
});
const reader = {
  begin: (columns: readonly { name: string }[]) => columns.map(({ name }) => name),
  row: () => undefined,
};

const workflow = `document: { dsl: '1.0.3', namespace: n, name: w, version: 1.0.0 }
input: { schema: { document: { type: object } } }
do:
  - a: { set: { x: '\${ .y + 1 }' }, if: .z, then: b }
  - b: { for: { each: i, in: .list }, do: [ { c: { call: http, with: { method: get, endpoint: https://a.example } } } ] }
  - d: { fork: { branches: [ { e: { wait: { seconds: 1 } } } ] } }
  - f: { try: [ { g: { raise: { error: { type: t, status: 1 } } } } ], catch: { retry: { delay: PT1S } } }
`;

const event = JSON.stringify({
  specversion: "1.0",
  id: "1",
  source: "//acme/berlin",
  type: "org.example.done",
  time: "2026-01-02T03:04:05Z",
  data: { a: [1, null, "x"] },
});

/** Bodies of work: of each kind one, so that every kind is given those of the others as well. */
const bodies = [
  {
    kind: "train",
    dataset: { labels: { dataset: "d" } },
    layers: [{ kind: "dense", units: 2, input: [3], activation: "softmax" }],
    local: { epochs: 1, batch: 8, learningRate: 0.1 },
  },
  { dataset: { labels: { dataset: "d" } }, rows: "test" },
  {
    dataset: { name: "d" },
    rows: "all",
    where: "row.x > 1.0",
    groups: [{ column: "y", levels: ["a", "b"] }],
    statistics: [
      { what: "sum", column: "x" },
      { what: "spread", column: "x", centres: [1, 2] },
      { what: "bins", column: "x", edges: [0, 1, 2] },
    ],
  },
  { dataset: { name: "d" }, rows: "all", columns: ["y"] },
].map((body) => JSON.stringify(body));

const secret = "whsec_0123456789";

const text = (read: (text: string) => unknown) => (bytes: Buffer) => read(bytes.toString("utf8"));

/** Every decoder of something that comes from outside. */
export const targets: readonly Target[] = [
  ...messages.map(
    ({ name, corpus, decode, encode }): Target => ({
      name: `protobuf: ${name}`,
      corpus,
      decode: (bytes) => encode(decode(bytes)),
      // protobufjs says by plain errors what is no message; the server answers them for us.
      throwsToo: (error) => error.constructor === Error || error instanceof RangeError,
    }),
  ),
  {
    name: "what an agent says",
    corpus: messages.find(({ name }) => name === "FromAgent")?.corpus ?? [],
    decode(bytes) {
      const message = messages.find(({ name }) => name === "FromAgent")?.decode(bytes) as FromAgent__Output;
      if (message.body === "catalogue" && message.catalogue != null)
        return decodeCatalogue(message.catalogue);
      if (message.body === "answer" && message.answer != null) return decodeHeader(message.answer);
      return undefined;
    },
    throwsToo: (error) => error.constructor === Error || error instanceof RangeError,
  },
  ...kinds.map(
    (kind): Target => ({
      name: `work: ${kind.name}`,
      corpus: bodies,
      decode: text((given) => parseValue(parseJson(given), "work", kind.body)),
    }),
  ),
  { name: "safetensors", corpus: [blob], decode: (bytes) => decodeAnyTensors(bytes) },
  {
    name: "an update, piece by piece",
    corpus: [blob],
    decode(bytes) {
      const checker = new UpdateChecker(specs, bytes.length);
      for (let at = 0; at < bytes.length; at += 7) checker.push(bytes.subarray(at, at + 7));
      checker.finish();
    },
  },
  {
    name: "CSV",
    corpus: ['x1,x2,y\n1,2,a\n"3",4.5e-3,b\n', "y,x\r\na,1\r\n", '\uFEFFx,y\n"1\n2",a\n'],
    async decode(bytes) {
      const open = async function* (): AsyncGenerator<Buffer> {
        yield await Promise.resolve(Buffer.from(bytes));
      };
      const connector = new CsvConnector(table, ".", open);
      await connector.scan("all", reader);
      await connector.load("train");
    },
  },
  {
    name: "hub.yaml",
    corpus: [
      "name: h\ntrustDomain: h.example\nnames: [h.example]\ncontrol: { host: 0.0.0.0, port: 1 }\nagents: { host: a, port: 2 }\nlimits: []\n",
    ],
    decode: text((given) => parseConfig(given, "hub.yaml", hubConfigSchema)),
  },
  {
    name: "agent.yaml",
    corpus: [initialConfig({ hub: "h:1", agentAddress: "h:2", site }), file("examples/digits/agent.yaml")],
    decode: text((given) => parseConfig(given, "agent.yaml", agentConfigSchema)),
  },
  {
    name: "a plan",
    corpus: [file("examples/digits/plan.yaml")],
    decode: text((given) => parseConfig(given, "plan.yaml", planSchema, "PLAN_INVALID")),
  },
  {
    name: "a workflow's definition",
    corpus: [workflow, file("examples/workflows/order.yaml"), file("examples/workflows/nightly.yaml")],
    decode: text((given) => examine(given)),
  },
  {
    name: "JSON",
    corpus: ['{"a":[1,2.5e-3,"\\u00e4",null,true]}', "[[[]]]"],
    decode: text((given) => parseJson(given)),
  },
  { name: "a join token", corpus: [token], decode: text((given) => readJoinToken(given)) },
  { name: "a certificate request", corpus: [createRequest(key)], decode: (bytes) => parseRequest(bytes) },
  { name: "a CloudEvent", corpus: [event], decode: text((given) => parseEvent(given)) },
  {
    name: "an event by HTTP",
    corpus: [event, '{"a":1}'],
    decode: (bytes) => [
      eventFromHttp({ "content-type": "application/cloudevents+json" }, bytes),
      eventFromHttp(
        { "content-type": "application/json", "ce-type": bytes.toString("latin1"), "ce-id": "1" },
        bytes,
      ),
    ],
  },
  {
    name: "a webhook's signature",
    corpus: ["v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1a,xyz", "1800000000", "msg_1"],
    decode: text((given) => {
      checkSignature(
        secret,
        { id: given, timestamp: given, signature: given },
        Buffer.from(given),
        1_800_000_000_000,
      );
    }),
  },
  {
    name: "an address",
    corpus: ["hub.example.org:7443", "[::1]:1", "1.2.3.4:65535"],
    decode: text(parseAddress),
  },
  {
    name: "a proxy's address",
    corpus: ["http://user:pa%20ss@proxy.example:3128", "none"],
    decode: text((given) => proxyFor({ host: "h.example", port: 1 }, given)),
  },
  {
    name: "a database's address",
    corpus: ["postgres://u:p%40@db.example:5433/comity?sslmode=disable", "postgresql:///x?host=/run"],
    decode: text((given) => readPostgresAddress(given)),
  },
  {
    name: "a cron expression",
    corpus: ["*/5 0-6 1,15 * MON-FRI", "@daily", "0 0 29 2 *"],
    decode: text((given) => parseCron(given)),
  },
  {
    name: "CEL",
    corpus: [
      "row.age > 40.0 && row.sex == 'f'",
      "site.labels['a'].exists(x, x in [1, 2])",
      "has(a.b) ? 1 : -1",
    ],
    decode: text((given) => checkCel(given, ["row", "site"])),
  },
];
