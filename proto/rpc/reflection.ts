import { EventEmitter } from "node:events";
import type { handleBidiStreamingCall, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import { fileDescriptors } from "../generated/descriptors.js";
import type { Service } from "./definitions.js";
import type { Bidi } from "./handlers.js";
import type { RpcListener } from "./listener.js";

/** The name of server reflection in a version; `buf curl` asks for the first, older tools for the second. */
const versions = ["v1", "v1alpha"] as const;
const method = "ServerReflectionInfo";

/** The methods of both versions of server reflection, for the table of who may call what. */
export const reflectionMethods: readonly string[] = versions.map((version) => pathOf(version));

function pathOf(version: string): string {
  return `/grpc.reflection.${version}.ServerReflection/${method}`;
}

/**
 * Adds server reflection for the named services, so that `buf curl` and grpcurl need no .proto files. Its package takes longer
 * to load than the rest of the wire together, so that waits for the first question.
 */
export function addReflection(listener: RpcListener, services: readonly string[]): void {
  let loaded: Promise<Answers> | undefined;
  for (const version of versions) {
    const answer: Bidi<Buffer, Buffer> = async (questions, send) => {
      loaded ??= load(services);
      const reply = (await loaded)(version);
      for await (const question of questions) {
        for (const bytes of reply(question)) if (!send(bytes)) await send.drained();
      }
    };
    listener.add(rawService(version), { [method]: answer });
  }
}

/** A question's bytes in a version of the protocol to the bytes of its answers. */
type Answers = (version: string) => (question: Buffer) => Buffer[];

async function load(services: readonly string[]): Promise<Answers> {
  const { ReflectionService } = await import("@grpc/reflection");
  const files = fileDescriptors.map((text) => Buffer.from(text, "base64"));
  // The package reads nothing else of a definition than its descriptors. Ours are those of the compiler: proto-loader's
  // have other names for the fields, and `buf` finds no service in them.
  const reflection = new ReflectionService(
    {
      files: { format: "Protocol Buffer 3 DescriptorProto", type: {}, fileDescriptorProtos: files },
    } as never,
    { services: [...services] },
  );
  const found = new Map<string, (question: Buffer) => Buffer[]>();
  // The package wants a server to add itself to; this one notes what it was given.
  const server = {
    addService(definition: ServiceDefinition, implementation: UntypedServiceImplementation) {
      const info = definition[method];
      const handler = implementation[method] as ((stream: EventEmitter) => void) | undefined;
      if (info === undefined || handler === undefined) return;
      found.set(info.path, (question) => {
        const answers: Buffer[] = [];
        const write = (reply: unknown) => answers.push(info.responseSerialize(reply));
        const stream = Object.assign(new EventEmitter(), { write, end: () => undefined });
        handler(stream);
        stream.emit("data", info.requestDeserialize(question));
        return answers;
      });
    },
  };
  reflection.addToServer(server);
  return (version) => {
    const reply = found.get(pathOf(version));
    if (reply === undefined) throw new Error(`@grpc/reflection has no ${version} any more.`);
    return reply;
  };
}

interface RawHandlers {
  [method]: handleBidiStreamingCall<Buffer, Buffer>;
}

/** The service with messages left as bytes. */
function rawService(version: string): Service<ServiceDefinition, RawHandlers> {
  const bytes = (message: Buffer) => message;
  return {
    name: `grpc.reflection.${version}.ServerReflection`,
    definition: {
      [method]: {
        path: pathOf(version),
        requestStream: true,
        responseStream: true,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
  };
}
