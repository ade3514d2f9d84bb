import type { WorkflowFunction } from "#hub/workflow/function.js";
import { HttpClient, type HttpClientSettings } from "./client.js";
import { grpcCall } from "./grpc/call.js";
import { httpCall } from "./http.js";
import { mcpCall } from "./mcp.js";
import { openapiCall } from "./openapi/call.js";
import { Sender } from "./sender.js";
import { urlOf } from "./urls.js";

/** The language's own calls, for the engine: each under the guard. */
export function languageCalls(settings: HttpClientSettings): WorkflowFunction[] {
  const client = new HttpClient(settings);
  const sender = new Sender(client);
  const calls = [httpCall(sender), openapiCall(sender), grpcCall(sender), mcpCall(sender)];
  return calls.map((call) => ({ ...call, checkAddress: (text) => client.checkWritten(urlOf(text)) }));
}
