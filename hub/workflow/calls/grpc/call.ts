import { z } from "zod";
import type { WorkflowFunction } from "#hub/workflow/function.js";
import { hideIn } from "#hub/workflow/hiding.js";
import { hideAuthorization } from "../credentials.js";
import { fetchText } from "../documents.js";
import { callFailure } from "../failures.js";
import { authenticationForm, jsonForm, resourceForm } from "../forms.js";
import { idempotency } from "../http.js";
import type { Sender } from "../sender.js";
import { urlOf } from "../urls.js";
import { exchange } from "./exchange.js";
import { decodeMessage, encodeMessage } from "./messages.js";
import { methodOf } from "./proto.js";

const grpcForm = z.strictObject({
  proto: resourceForm,
  service: z.strictObject({
    name: z.string(),
    host: z.string(),
    port: z.int().min(1).max(65_535).default(443),
    authentication: authenticationForm.optional(),
  }),
  method: z.string(),
  arguments: z.record(z.string(), jsonForm).default({}),
});

/** `call: grpc`: methods with one question and one answer. */
export const grpcCall = (sender: Sender): WorkflowFunction<z.output<typeof grpcForm>> => ({
  name: "grpc",
  purpose: "Calls a method of a gRPC service.",
  argument: grpcForm,
  async perform({ proto, service, method, arguments: given }, caller, signal) {
    const { client } = sender;
    const { name, host, port, authentication } = service;
    const { text } = await fetchText(sender, proto.endpoint, signal);
    const found = methodOf(text, name, method);
    const message = encodeMessage(found.request, given);
    const url = urlOf(`${client.guard.isPlaintext(host) ? "http" : "https"}://${host}:${port}`);
    const authorization = authentication && (await sender.authorization(authentication, signal));
    const headers = { ...idempotency("POST", caller), ...(authorization && { authorization }) };
    const reply = await exchange(client, { url, path: found.path, headers, message, authentication }, signal);
    try {
      const answer = decodeMessage(found.reply, reply);
      return authorization === undefined ? answer : hideIn(answer, hideAuthorization(authorization));
    } catch (cause) {
      throw callFailure("communication", `${url.host}${found.path} answers what is no ${found.reply.name}`, {
        status: 502,
        cause,
      });
    }
  },
});
