import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath as healthProto } from "grpc-health-check";
import { packageDefinition } from "./definitions.js";
import type { RpcListener } from "./listener.js";

/** The methods of both versions of server reflection, for the table of who may call what. */
export const reflectionMethods: readonly string[] = ["v1", "v1alpha"].map(
  (version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
);

/** Adds server reflection (v1 and v1alpha) for the named services, so that `buf curl` and grpcurl need no .proto files. */
export function addReflection(listener: RpcListener, services: readonly string[]): void {
  const definition = { ...packageDefinition, ...loadSync(healthProto) };
  const reflection = new ReflectionService(definition, { services: [...services] });
  listener.addForeign((server) => reflection.addToServer(server));
}
