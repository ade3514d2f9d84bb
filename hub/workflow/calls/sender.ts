import { hideIn } from "#hub/workflow/hiding.js";
import type { HttpClient } from "./client.js";
import { basicHeader, digestHeader, hideAuthorization } from "./credentials.js";
import { callFailure } from "./failures.js";
import type { CallAuthentication } from "./forms.js";
import type { HttpAnswer, HttpRequest } from "./model.js";
import { Tokens } from "./tokens.js";

/** Sends requests with the authentication that a workflow names. */
export class Sender {
  readonly client: HttpClient;
  readonly #tokens: Tokens;

  constructor(client: HttpClient) {
    this.client = client;
    this.#tokens = new Tokens(client);
  }

  /** {@link HttpClient.send} with credentials. Throws a failure of type `authentication` when there is no token to be had. */
  async send(
    request: HttpRequest,
    authentication: CallAuthentication | undefined,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { client } = this;
    if (authentication === undefined) return client.send(request, signal);
    const login = digestOf(authentication);
    if (login === undefined) {
      const send = async () =>
        this.#authorized(request, await this.authorization(authentication, signal), signal);
      const answer = await send();
      // A token may be taken back before its time: one new one.
      return answer.status === 401 && this.#tokens.forget(authentication) ? send() : answer;
    }
    const first = await client.send(request, signal);
    const challenge = first.headers["www-authenticate"];
    if (first.status !== 401 || challenge === undefined) return first;
    const { method } = request;
    return this.#authorized(request, digestHeader(challenge, login, { method, url: first.url }), signal);
  }

  /** An answer without the credentials with which it was asked for: some services repeat what they are sent. */
  async #authorized(request: HttpRequest, authorization: string, signal: AbortSignal): Promise<HttpAnswer> {
    const { headers } = request;
    const answer = await this.client.send({ ...request, headers: { ...headers, authorization } }, signal);
    const hide = hideAuthorization(authorization);
    const said = answer.body.toString("latin1");
    const safe = hide(said);
    return {
      ...answer,
      headers: hideIn(answer.headers, hide) as HttpAnswer["headers"],
      body: safe === said ? answer.body : Buffer.from(safe, "latin1"),
    };
  }

  /** The value of the header `authorization`, for every scheme that needs no question of the service first. */
  async authorization(authentication: CallAuthentication, signal: AbortSignal): Promise<string> {
    if ("basic" in authentication && "username" in authentication.basic)
      return basicHeader(authentication.basic);
    if ("bearer" in authentication && "token" in authentication.bearer)
      return `Bearer ${authentication.bearer.token}`;
    if ("oauth2" in authentication || "oidc" in authentication)
      return `Bearer ${await this.#tokens.get(authentication, signal)}`;
    throw callFailure(
      "configuration",
      `The authentication ${Object.keys(authentication).join()} cannot be used here`,
    );
  }
}

const digestOf = (authentication: CallAuthentication) =>
  "digest" in authentication && "username" in authentication.digest ? authentication.digest : undefined;
