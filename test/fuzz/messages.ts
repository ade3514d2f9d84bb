import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { MethodDefinition } from "@grpc/proto-loader";
import { AgentService, ControlService, EnrollmentService, ResultsService } from "#proto/rpc/definitions.js";

/** A method of the wire, whatever its messages. */
export type AnyMethod = MethodDefinition<object, object>;

/** A message that is the whole of a request or a reply. */
interface Message {
  readonly name: string;
  /** The recorded bytes of it. */
  readonly corpus: readonly Buffer[];
  readonly decode: (bytes: Buffer) => object;
  readonly encode: (message: object) => Buffer;
}

const path = fileURLToPath(new URL("../../../test/data/wire-v1.json", import.meta.url));
const { golden } = JSON.parse(readFileSync(path, "utf8")) as {
  readonly golden: readonly { readonly message: string; readonly hex: string }[];
};

const recorded = (name: string): readonly Buffer[] => {
  const found = golden.filter(({ message }) => message === name).map(({ hex }) => Buffer.from(hex, "hex"));
  return found.length > 0 ? found : [Buffer.alloc(0)];
};

/** Every method of the wire. */
export const methods: readonly AnyMethod[] = [
  AgentService,
  ControlService,
  EnrollmentService,
  ResultsService,
].flatMap(({ definition }) => Object.values(definition) as unknown as AnyMethod[]);

const nameOf = ({ type }: { readonly type: object }): string => (type as { name: string }).name;

/** Every message, as the programs themselves write and read it. */
export const messages: readonly Message[] = [
  ...new Map(
    methods.flatMap((method): [string, Message][] => {
      const [request, reply] = [nameOf(method.requestType), nameOf(method.responseType)];
      return [
        [
          request,
          {
            name: request,
            corpus: recorded(request),
            decode: method.requestDeserialize,
            encode: method.requestSerialize,
          },
        ],
        [
          reply,
          {
            name: reply,
            corpus: recorded(reply),
            decode: method.responseDeserialize,
            encode: method.responseSerialize,
          },
        ],
      ];
    }),
  ).values(),
];
