import { STATUS_CODES } from "node:http";
import type { HttpOutput } from "#hub/workflow/definition/call-model.js";
import type { Json } from "#kernel/json.js";
import { contentOf, mediaType } from "./body.js";
import { placeOf } from "./client.js";
import { withoutCredentials } from "./credentials.js";
import { callFailure } from "./failures.js";
import type { CallAuthentication } from "./forms.js";
import type { HttpAnswer, HttpRequest } from "./model.js";
import type { Sender } from "./sender.js";

interface Wishes {
  readonly output: HttpOutput;
  readonly authentication?: CallAuthentication;
  readonly signal: AbortSignal;
}

/** Sends a request and gives its answer in the form that is wished. Throws a failure `communication` with the answer's status. */
export async function sendHttp(sender: Sender, request: HttpRequest, wishes: Wishes): Promise<Json> {
  const { output, authentication, signal } = wishes;
  const answer = await sender.send(request, authentication, signal);
  checkStatus(request, answer, authentication);
  if (output === "raw") return answer.body.toString("base64");
  const content = contentOf(answer.body, answer.headers["content-type"], placeOf(answer.url));
  if (output === "content") return content;
  // Credentials are in no header here: they are added below the level of the request.
  const { method, url, headers } = request;
  return {
    request: { method, uri: url.href, headers },
    statusCode: answer.status,
    headers: answer.headers,
    content,
  };
}

/** 3xx is good where redirects are followed: what is left then is no redirect, such as 304. */
function checkStatus(
  request: HttpRequest,
  answer: HttpAnswer,
  authentication: CallAuthentication | undefined,
): void {
  const { status } = answer;
  if (status >= 200 && status < (request.redirect === true ? 400 : 300)) return;
  const place = `${request.method.toUpperCase()} ${placeOf(request.url)}`;
  throw callFailure("communication", `${place} answers ${`${status} ${STATUS_CODES[status] ?? ""}`.trim()}`, {
    status,
    ...(status < 400
      ? { detail: "It redirects; `redirect: true` follows." }
      : { heard: said(answer, authentication) }),
  });
}

/** What a service says of its refusal, without the credentials that it may repeat. */
function said({ body, headers }: HttpAnswer, authentication: CallAuthentication | undefined): string {
  const { media } = mediaType(headers["content-type"]);
  if (!/json$|^text\/plain$|xml$/.test(media)) return "";
  return withoutCredentials(body.toString("utf8").trim(), authentication);
}
