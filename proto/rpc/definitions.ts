import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync, type MethodDefinition, type PackageDefinition } from "@grpc/proto-loader";
import type { AgentDefinition, AgentHandlers } from "../generated/comity/v1/Agent.js";
import type { ControlDefinition, ControlHandlers } from "../generated/comity/v1/Control.js";
import type { EnrollmentDefinition, EnrollmentHandlers } from "../generated/comity/v1/Enrollment.js";
import type { ResultsDefinition, ResultsHandlers } from "../generated/comity/v1/Results.js";
import { strictMethod } from "./strict.js";

/** A service of the wire: its methods with strict decoders, and (for the compiler only) the shape of its handlers. */
export interface Service<Definition, Handlers> {
  /** For example `comity.v1.Agent`. */
  readonly name: string;
  readonly definition: Definition;
  readonly handlers?: Handlers;
}

/** The folder that holds `comity/v1`: beside this file in the sources, in the package's root when this runs from dist/. */
function protoFolder(): string {
  const places = ["../", "../../../proto/"].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = places.find((place) => existsSync(`${place}comity/v1/common.proto`));
  if (found === undefined) throw new Error(`The .proto files are in none of ${places.join(", ")}.`);
  return found;
}

/** Everything in proto/comity/v1, for reflection. The options are those that proto/generated was made with. */
export const packageDefinition: PackageDefinition = loadSync(
  ["agent", "control", "enrollment", "results"].map((file) => `comity/v1/${file}.proto`),
  { longs: Number, enums: String, defaults: true, oneofs: true, includeDirs: [protoFolder()] },
);

function service<Definition extends ServiceDefinition, Handlers>(
  name: string,
): Service<Definition, Handlers> {
  const loaded = packageDefinition[name];
  if (loaded === undefined || "format" in loaded)
    throw new Error(`There is no service ${name} in the .proto files.`);
  const definition = Object.fromEntries(
    Object.entries(loaded).map(([method, raw]: [string, MethodDefinition<object, object>]) => {
      return [method, strictMethod(raw)];
    }),
  );
  // The generated type describes this very file; test/unit/proto/definitions.test.ts compares the two.
  return { name, definition: definition as unknown as Definition };
}

export const AgentService = service<AgentDefinition, AgentHandlers>("comity.v1.Agent");
export const EnrollmentService = service<EnrollmentDefinition, EnrollmentHandlers>("comity.v1.Enrollment");
export const ControlService = service<ControlDefinition, ControlHandlers>("comity.v1.Control");
export const ResultsService = service<ResultsDefinition, ResultsHandlers>("comity.v1.Results");

/** The paths (`/comity.v1.Agent/Upload`) of every method of the given services, sorted. */
export function listMethods(services: readonly Service<ServiceDefinition, unknown>[]): string[] {
  return services.flatMap(({ definition }) => Object.values(definition).map((method) => method.path)).sort();
}
