import { z } from "zod";
import type { WorkflowFunction } from "#hub/workflow/function.js";
import { sendHttp } from "../answer.js";
import { fetchText, readDocument } from "../documents.js";
import { authenticationForm, jsonForm, outputForm, resourceForm } from "../forms.js";
import { idempotency } from "../http.js";
import type { Sender } from "../sender.js";
import { findOperation } from "./operation.js";
import { requestOf } from "./request.js";

const openapiForm = z.strictObject({
  document: resourceForm,
  operationId: z.string(),
  parameters: z.record(z.string(), jsonForm).default({}),
  authentication: authenticationForm.optional(),
  output: outputForm,
  redirect: z.boolean().default(false),
});

/** `call: openapi`. */
export const openapiCall = (sender: Sender): WorkflowFunction<z.output<typeof openapiForm>> => ({
  name: "openapi",
  purpose: "Calls an operation that an OpenAPI document describes.",
  argument: openapiForm,
  async perform({ document, operationId, parameters, authentication, output, redirect }, caller, signal) {
    const fetched = await fetchText(sender, document.endpoint, signal);
    const operation = findOperation(await readDocument(fetched), operationId, fetched.url);
    const request = requestOf(operation, parameters);
    const headers = { ...idempotency(request.method, caller), ...request.headers };
    return sendHttp(
      sender,
      { ...request, headers, redirect },
      { output, signal, ...(authentication === undefined ? {} : { authentication }) },
    );
  },
});
