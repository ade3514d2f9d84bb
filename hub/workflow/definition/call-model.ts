import { isObject } from "#kernel/json.js";
import { valueAt } from "#kernel/json-pointer.js";
import type { CallTask } from "./model.js";

/** The protocols that `call` knows by name; every other name is a function. */
export const callProtocols = ["a2a", "asyncapi", "grpc", "http", "mcp", "openapi"] as const;

/** What a call by HTTP gives: the body's bytes in base64, the body parsed, or the whole answer. */
export const httpOutputs = ["raw", "content", "response"] as const;
export type HttpOutput = (typeof httpOutputs)[number];

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

/** Where an argument has the addresses that the call goes to. */
export const callEndpoints: Readonly<Record<(typeof callProtocols)[number], readonly (readonly string[])[]>> =
  {
    a2a: [],
    asyncapi: [],
    grpc: [["proto", "endpoint"]],
    http: [["endpoint"]],
    mcp: [["transport", "http", "endpoint"]],
    openapi: [["document", "endpoint"]],
  };

/** What a `call` calls: a protocol, or a function with its version and catalogue (both absent: one of `use.functions`). */
type Call =
  | { readonly kind: (typeof callProtocols)[number] }
  | ({ readonly kind: "function" } & FunctionName);

/** `name:version@catalog`, in parts. */
interface FunctionName {
  readonly name: string;
  readonly version?: string;
  readonly catalog?: string;
}

/** What the task calls. */
export function callOf(task: CallTask): Call {
  const protocol = callProtocols.find((name) => name === task.call);
  return protocol === undefined ? { kind: "function", ...functionName(task.call) } : { kind: protocol };
}

/** The addresses that a call goes to first, as they are written: expressions and URI templates among them. A host stands as `https://HOST`. */
export function addressesOf(task: CallTask): readonly string[] {
  const { kind } = callOf(task);
  if (kind === "function") return [];
  const at = (path: readonly string[]) => valueAt(task.with ?? {}, path.map((key) => `/${key}`).join(""));
  const endpoints = callEndpoints[kind].map((path) => at(path) ?? null);
  const uris = endpoints.map((endpoint) => (isObject(endpoint) ? endpoint["uri"] : endpoint));
  const host = kind === "grpc" ? at(["service", "host"]) : undefined;
  return [...uris, ...(typeof host === "string" ? [`https://${host}`] : [])].filter(
    (uri) => typeof uri === "string",
  );
}

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
