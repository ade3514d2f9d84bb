import { decodeJwt, SignJWT } from "jose";
import { z } from "zod";
import { jsonOf } from "./body.js";
import { type HttpClient, placeOf } from "./client.js";
import { basicHeader } from "./credentials.js";
import { callFailure } from "./failures.js";
import type { OAuthSettings } from "./forms.js";
import type { HttpAnswer } from "./model.js";
import { urlOf } from "./urls.js";

interface IssuedToken {
  readonly token: string;
  /** Undefined when the authority does not say. */
  readonly lifetimeMs: number | undefined;
}

const tokenAnswer = z.looseObject({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().optional(),
});
const discoveryAnswer = z.looseObject({ token_endpoint: z.string(), issuer: z.string() });
const wellKnown = "/.well-known/";

/** Asks an authority for a token (RFC 6749, RFC 8693; OpenID Connect Discovery 1.0 where `discover`). Throws a failure `authentication`. */
export async function requestToken(
  client: HttpClient,
  settings: OAuthSettings,
  discover: boolean,
  signal: AbortSignal,
): Promise<IssuedToken> {
  const authority = urlOf(settings.authority);
  const byDocument = discover || authority.pathname.includes(wellKnown);
  const url = byDocument
    ? await discovered(client, authority, settings, signal)
    : tokenEndpoint(authority, settings);
  const fields = grantFields(settings);
  const headers: Record<string, string> = { accept: "application/json" };
  await addClient(settings, url, fields, headers);
  const encoding = settings.request?.encoding ?? "application/x-www-form-urlencoded";
  headers["content-type"] = encoding;
  const body = encoding === "application/json" ? JSON.stringify(asObject(fields)) : fields.toString();
  const answer = await client.send({ method: "POST", url, headers, body }, signal);
  if (answer.status !== 200) throw refusal(answer);
  const parsed = tokenAnswer.safeParse(jsonOf(answer.body.toString("utf8"), placeOf(url)));
  if (!parsed.success) throw callFailure("authentication", `${placeOf(url)} gives no access token`);
  const { access_token: token, expires_in } = parsed.data;
  checkIssuer(token, settings.issuers, url);
  return { token, lifetimeMs: expires_in === undefined || !(expires_in > 0) ? undefined : expires_in * 1000 };
}

/** The path stands under the authority; a whole address stands for itself. */
function tokenEndpoint({ href }: URL, { endpoints }: OAuthSettings): URL {
  const path = endpoints?.token ?? "/oauth2/token";
  return URL.canParse(path) ? new URL(path) : urlOf(`${href.replace(/\/$/, "")}/${path.replace(/^\//, "")}`);
}

async function discovered(
  client: HttpClient,
  authority: URL,
  { issuers }: OAuthSettings,
  signal: AbortSignal,
): Promise<URL> {
  const named = authority.pathname.includes(wellKnown);
  const issuer = authority.href.replace(/\/$/, "");
  const url = named ? authority : new URL(`${issuer}${wellKnown}openid-configuration`);
  const answer = await client.send({ method: "GET", url, headers: {}, redirect: true }, signal);
  if (answer.status !== 200) throw refusal(answer);
  const parsed = discoveryAnswer.safeParse(jsonOf(answer.body.toString("utf8"), placeOf(url)));
  if (!parsed.success)
    throw callFailure("authentication", `${placeOf(url)} does not say where tokens are given`);
  const { issuer: told, token_endpoint } = parsed.data;
  const known = issuers ?? [named ? url.href.slice(0, url.href.indexOf(wellKnown)) : issuer];
  if (!known.some((one) => one.replace(/\/$/, "") === told.replace(/\/$/, "")))
    throw callFailure("authentication", `${placeOf(url)} is of another issuer`, {
      detail: "Its `issuer` must be the authority, or one of `issuers`.",
    });
  return urlOf(token_endpoint);
}

function grantFields(settings: OAuthSettings): URLSearchParams {
  const { grant, username, password, subject, actor, scopes = [], audiences = [] } = settings;
  const fields = new URLSearchParams({ grant_type: grant });
  const need = (value: string | undefined, key: string): string => {
    if (value !== undefined) return value;
    throw callFailure("configuration", `The grant ${grant} needs ${key}`);
  };
  switch (grant) {
    case "authorization_code":
      throw callFailure("configuration", "The grant authorization_code needs a person at a browser", {
        detail: "A hub can use client_credentials, password, refresh_token and token-exchange.",
      });
    case "client_credentials":
      break;
    case "password":
      fields.set("username", need(username, "username"));
      fields.set("password", need(password, "password"));
      break;
    case "refresh_token":
      fields.set("refresh_token", need(subject?.token, "the refresh token as subject.token"));
      break;
    case "urn:ietf:params:oauth:grant-type:token-exchange":
      fields.set("subject_token", need(subject?.token, "subject"));
      fields.set("subject_token_type", need(subject?.type, "subject"));
      if (actor !== undefined) {
        fields.set("actor_token", actor.token);
        fields.set("actor_token_type", actor.type);
      }
  }
  if (scopes.length > 0) fields.set("scope", scopes.join(" "));
  for (const audience of audiences) fields.append("audience", audience);
  return fields;
}

/** How the client shows who it is (RFC 6749, section 2.3; RFC 7523). */
async function addClient(
  { client }: OAuthSettings,
  endpoint: URL,
  fields: URLSearchParams,
  headers: Record<string, string>,
): Promise<void> {
  if (client === undefined) return;
  const { id, secret, assertion, authentication } = client;
  const need = (value: string | undefined, key: string): string => {
    if (value !== undefined) return value;
    throw callFailure("configuration", `The client's authentication ${authentication} needs client.${key}`);
  };
  const assert = (jwt: string) => {
    fields.set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    fields.set("client_assertion", jwt);
  };
  if (authentication === "client_secret_basic") {
    // Each part is form-encoded before it is put together.
    const encode = (text: string) => new URLSearchParams({ "": text }).toString().slice(1);
    headers["authorization"] = basicHeader({
      username: encode(need(id, "id")),
      password: encode(need(secret, "secret")),
    });
    return;
  }
  if (id !== undefined) fields.set("client_id", id);
  if (authentication === "client_secret_post") {
    fields.set("client_id", need(id, "id"));
    if (secret !== undefined) fields.set("client_secret", secret);
  } else if (authentication === "private_key_jwt") assert(need(assertion, "assertion"));
  else if (authentication === "client_secret_jwt") {
    const jwt = new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(need(id, "id"))
      .setSubject(need(id, "id"))
      .setAudience(endpoint.href)
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setExpirationTime("1 minute");
    assert(await jwt.sign(Buffer.from(need(secret, "secret"))));
  }
}

/** `issuers` says whose tokens are good: a token that does not tell its issuer is none of theirs. */
function checkIssuer(token: string, issuers: readonly string[] | undefined, url: URL): void {
  if (issuers === undefined) return;
  try {
    const { iss } = decodeJwt(token);
    if (iss !== undefined && issuers.includes(iss)) return;
  } catch {
    // Not a JWT.
  }
  throw callFailure("authentication", `${placeOf(url)} gives a token that is of none of the issuers`);
}

function asObject(fields: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const all = fields.getAll(name);
      return [name, all.length > 1 ? all : (all[0] ?? "")];
    }),
  );
}

/** Only the error's registered word is told on (RFC 6749, section 5.2): what else is said may repeat what was sent. */
function refusal({ url, status, body }: HttpAnswer): Error {
  const word = /"error"\s*:\s*"([a-z_]{1,40})"/.exec(body.toString("utf8"))?.[1];
  return callFailure("authentication", `${placeOf(url)} answers ${status}`, {
    ...(word === undefined ? {} : { detail: `It says ${word}.` }),
  });
}
