import { z } from "zod";
import { type EffectCaller, effectKey, type WorkflowFunction } from "#hub/workflow/function.js";
import { sendHttp } from "./answer.js";
import { encodeBody } from "./encode.js";
import { callFailure } from "./failures.js";
import { endpointForm, headersForm, jsonForm, outputForm, queryForm } from "./forms.js";
import type { Sender } from "./sender.js";
import { addQuery, urlOf } from "./urls.js";

const httpForm = z.strictObject({
  method: z.string().regex(/^[A-Za-z]+$/),
  endpoint: endpointForm,
  headers: headersForm.optional(),
  body: jsonForm.optional(),
  query: queryForm.optional(),
  output: outputForm,
  redirect: z.boolean().default(false),
});

/** Headers that make up the connection or the message itself. */
const ownHeaders = ["connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"];

/** `call: http`. */
export const httpCall = (sender: Sender): WorkflowFunction<z.output<typeof httpForm>> => ({
  name: "http",
  purpose: "Sends a request by HTTP and gives the answer.",
  argument: httpForm,
  check({ headers = {} }) {
    checkHeaders(headers);
  },
  perform({ method, endpoint, headers = {}, body, query = {}, output, redirect }, caller, signal) {
    const url = addQuery(urlOf(endpoint.uri), query);
    const encoded = body === undefined ? undefined : encodeBody(body, headers["content-type"]);
    const { authentication } = endpoint;
    return sendHttp(
      sender,
      {
        method,
        url,
        redirect,
        ...encoded,
        headers: { ...idempotency(method, caller), ...encoded?.headers, ...headers },
      },
      { output, signal, ...(authentication === undefined ? {} : { authentication }) },
    );
  },
});

/** Throws a failure of type `configuration` for a header that the author may not set. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  const own = ownHeaders.find((name) => Object.hasOwn(headers, name));
  if (own !== undefined)
    throw callFailure("configuration", `The header ${own} is the hub's own`, {
      detail: "Leave it out: it follows from the endpoint and the body.",
    });
}

/**
 * The name of an effect for whoever is asked for it: the same when the hub asks again after a crash
 * (draft-ietf-httpapi-idempotency-key-header). Reading needs none.
 */
export function idempotency(method: string, { runId, effect }: EffectCaller): Record<string, string> {
  const reads = ["GET", "HEAD", "OPTIONS", "TRACE"].includes(method.toUpperCase());
  return reads ? {} : { "idempotency-key": effectKey(runId, effect) };
}
