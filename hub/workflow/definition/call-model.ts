import type { Json, JsonObject } from "#kernel/json.js";
import type { CallTask } from "./model.js";
import type { AuthenticationUse, Duration, Endpoint, ExternalResource } from "./parts.js";

/** The protocols that `call` knows by name; every other name is a function. */
export const callProtocols = ["a2a", "asyncapi", "grpc", "http", "mcp", "openapi"] as const;

/** Arguments of `call: http`. */
interface HttpArguments {
  readonly method: string;
  readonly endpoint: Endpoint;
  /** An object, or an expression that gives one. */
  readonly headers?: Readonly<Record<string, string>> | string;
  readonly body?: Json;
  readonly query?: Readonly<Record<string, string | number | boolean>> | string;
  readonly output?: HttpOutput;
  readonly redirect?: boolean;
}
/** The body's bytes in base64, the body parsed, or the whole answer. */
export type HttpOutput = "raw" | "content" | "response";

/** Arguments of `call: openapi`. */
interface OpenApiArguments {
  readonly document: ExternalResource;
  readonly operationId: string;
  readonly parameters?: JsonObject;
  readonly authentication?: AuthenticationUse;
  readonly output?: HttpOutput;
  readonly redirect?: boolean;
}

/** Arguments of `call: grpc`. */
interface GrpcArguments {
  readonly proto: ExternalResource;
  readonly service: {
    readonly name: string;
    readonly host: string;
    readonly port?: number;
    readonly authentication?: AuthenticationUse;
  };
  readonly method: string;
  readonly arguments?: JsonObject;
}

/** What `call: mcp` may ask of a server. */
export const mcpMethods = [
  "tools/list",
  "tools/call",
  "prompts/list",
  "prompts/get",
  "resources/list",
  "resources/read",
  "resources/templates/list",
] as const;
type McpMethod = (typeof mcpMethods)[number];

/** Arguments of `call: mcp`; only the transport `http` is supported. */
interface McpArguments {
  readonly protocolVersion?: string;
  readonly method: McpMethod;
  readonly parameters?: JsonObject | string;
  readonly timeout?: Duration;
  readonly transport: {
    readonly http: { readonly endpoint: Endpoint; readonly headers?: Readonly<Record<string, string>> };
    readonly options?: Readonly<Record<string, string>>;
  };
  readonly client?: { readonly name: string; readonly version: string };
}

/** What a `call` calls: a protocol, or a function with its version and catalogue (both absent: one of `use.functions`). */
type Call =
  | { readonly kind: "http"; readonly with: HttpArguments }
  | { readonly kind: "openapi"; readonly with: OpenApiArguments }
  | { readonly kind: "grpc"; readonly with: GrpcArguments }
  | { readonly kind: "mcp"; readonly with: McpArguments }
  | { readonly kind: "asyncapi" | "a2a"; readonly with: JsonObject }
  | ({ readonly kind: "function"; readonly with: JsonObject } & FunctionName);

/** `name:version@catalog`, in parts. */
interface FunctionName {
  readonly name: string;
  readonly version?: string;
  readonly catalog?: string;
}

/** What the task calls; its arguments have the form that lint has checked. */
export function callOf(task: CallTask): Call {
  const protocol = callProtocols.find((name) => name === task.call);
  const argument = task.with ?? {};
  if (protocol !== undefined) return { kind: protocol, with: argument } as unknown as Call;
  return { kind: "function", with: argument, ...functionName(task.call) };
}

/** The addresses that a call goes to first, as they are written: expressions and URI templates among them. A host stands as `https://HOST`. */
export function addressesOf(call: Call): readonly string[] {
  switch (call.kind) {
    case "http":
      return [uriOf(call.with.endpoint)];
    case "openapi":
      return [uriOf(call.with.document.endpoint)];
    case "grpc":
      return [uriOf(call.with.proto.endpoint), `https://${call.with.service.host}`];
    case "mcp":
      return [uriOf(call.with.transport.http.endpoint)];
    case "asyncapi":
    case "a2a":
    case "function":
      return [];
  }
}

const uriOf = (endpoint: Endpoint): string => (typeof endpoint === "string" ? endpoint : endpoint.uri);

/** The parts of `name:version@catalog`. */
export function functionName(text: string): FunctionName {
  const { name, version, catalog } =
    /^(?<name>[^:@]+)(?::(?<version>[^:@]+))?(?:@(?<catalog>[^:@]+))?$/.exec(text)?.groups ?? {};
  return {
    name: name ?? text,
    ...(version === undefined ? {} : { version }),
    ...(catalog === undefined ? {} : { catalog }),
  };
}
