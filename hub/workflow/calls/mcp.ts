import { z } from "zod";
import { mcpMethods } from "#hub/workflow/definition/call-model.js";
import { durationMs } from "#hub/workflow/definition/duration.js";
import type { EffectCaller, WorkflowFunction } from "#hub/workflow/function.js";
import type { Json } from "#kernel/json.js";
import { comityVersion } from "#kernel/version.js";
import { callFailure } from "./failures.js";
import { endpointForm, headersForm, jsonForm } from "./forms.js";
import { checkHeaders, idempotency } from "./http.js";
import { McpSession } from "./mcp-session.js";
import type { Sender } from "./sender.js";
import { urlOf } from "./urls.js";

const mcpForm = z.strictObject({
  protocolVersion: z.string().default("2025-06-18"),
  method: z.enum(mcpMethods),
  parameters: z.record(z.string(), jsonForm).default({}),
  timeout: jsonForm.optional(),
  transport: z.strictObject({
    http: z.strictObject({ endpoint: endpointForm, headers: headersForm.optional() }),
    options: z.record(z.string(), z.string()).optional(),
  }),
  client: z
    .strictObject({ name: z.string(), version: z.string() })
    .default({ name: "comity", version: comityVersion }),
});

type McpArgument = z.output<typeof mcpForm>;

/** `call: mcp` over streamable HTTP: a session of its own for each call. */
export const mcpCall = (sender: Sender): WorkflowFunction<McpArgument> => ({
  name: "mcp",
  purpose: "Asks a server of the Model Context Protocol: lists or uses its tools, prompts and resources.",
  argument: mcpForm,
  check({ timeout, transport }) {
    checkHeaders(transport.http.headers ?? {});
    if (timeout !== undefined && durationMs(timeout) === undefined)
      throw callFailure("configuration", "The timeout is no duration", {
        detail: "A duration is an object such as { seconds: 20 }, or an ISO 8601 text such as PT20S.",
      });
  },
  async perform(argument, caller, signal) {
    const ms = argument.timeout === undefined ? undefined : durationMs(argument.timeout);
    if (ms === undefined) return ask(sender, argument, caller, signal);
    const late = AbortSignal.timeout(ms);
    try {
      return await ask(sender, argument, caller, AbortSignal.any([signal, late]));
    } catch (thrown) {
      signal.throwIfAborted();
      if (!late.aborted) throw thrown;
      throw callFailure("timeout", `The server has not answered within ${ms} ms`, { cause: thrown });
    }
  },
});

async function ask(
  sender: Sender,
  argument: McpArgument,
  caller: EffectCaller,
  signal: AbortSignal,
): Promise<Json> {
  const { protocolVersion, method, parameters, transport, client } = argument;
  const { endpoint, headers = {} } = transport.http;
  const { uri, authentication } = endpoint;
  const session = new McpSession({
    sender,
    url: urlOf(uri),
    headers,
    authentication,
    signal,
  });
  await session.begin(protocolVersion, client);
  try {
    return await session.ask(method, parameters, idempotency("POST", caller));
  } finally {
    await session.end();
  }
}
