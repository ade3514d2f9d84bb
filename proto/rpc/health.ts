import { service as definition, HealthImplementation } from "grpc-health-check";
import type { RpcListener } from "./listener.js";

/** The methods of `grpc.health.v1.Health`, for the table of who may call what. */
export const healthMethods: readonly string[] = Object.values(definition)
  .map((method) => method.path)
  .sort();

/** Says over `grpc.health.v1.Health` whether the hub takes work. */
export interface Health {
  /** `services` are named as in their packages; the empty name stands for the whole. */
  set(serving: boolean): void;
}

/** Adds `grpc.health.v1.Health` to a listener, for the whole (empty name) and for each named service. Begins as not serving. */
export function addHealth(listener: RpcListener, services: readonly string[]): Health {
  const names = ["", ...services];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, "NOT_SERVING"])));
  listener.addForeign((server) => health.addToServer(server));
  return {
    set(serving) {
      for (const name of names) health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
    },
  };
}
