import type { CloudEvent } from "#proto/codec/cloud-event.js";
import type { Json, JsonObject } from "#kernel/json.js";

/** An object of whole numbers, an ISO 8601 text such as `PT5M`, or an expression that gives such a text. */
export type Duration = string | DurationObject;

export interface DurationObject {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

/** Where to go next: on, out of this list, to the end of the workflow, or to a task of the same list by its name. */
export type FlowDirective = "continue" | "exit" | "end" | (string & {});

/** A JSON Schema in place, or elsewhere. */
export type Schema = { readonly format?: string } & (
  | { readonly document: Json }
  | { readonly resource: ExternalResource }
);

/** What a workflow or task does with what it is given. */
export interface InputRule {
  readonly schema?: Schema;
  readonly from?: string | JsonObject;
}

/** What a workflow or task gives. */
export interface OutputRule {
  readonly schema?: Schema;
  readonly as?: string | JsonObject;
}

/** What a task writes into `$context`. */
export interface ExportRule {
  readonly schema?: Schema;
  readonly as?: string | JsonObject;
}

export interface Timeout {
  readonly after: Duration;
}

/** When to run a workflow by itself. */
export interface Schedule {
  readonly every?: Duration;
  readonly cron?: string;
  readonly after?: Duration;
  readonly on?: EventStrategy;
}

/** A problem in the form of RFC 9457. Each text may be an expression. */
export interface WorkflowError {
  readonly type: string;
  readonly status: number;
  readonly instance?: string;
  readonly title?: string;
  readonly detail?: string;
}

/** Which errors are meant: all given fields must be equal. */
export interface ErrorFilter {
  readonly type?: string;
  readonly status?: number;
  readonly instance?: string;
  readonly title?: string;
  readonly detail?: string;
}

/** When and how often to try again. */
export interface RetryPolicy {
  readonly when?: string;
  readonly exceptWhen?: string;
  readonly delay?: Duration;
  /** Exactly one of the three. */
  readonly backoff?: {
    readonly constant?: JsonObject;
    readonly exponential?: JsonObject;
    readonly linear?: JsonObject;
  };
  readonly limit?: {
    /** `duration` is the time for each attempt (reading 2). */
    readonly attempt?: { readonly count?: number; readonly duration?: Duration };
    /** The time for all attempts together. */
    readonly duration?: Duration;
  };
  readonly jitter?: { readonly from: Duration; readonly to: Duration };
}

/** A URI template, an expression, or either with an authentication. */
export type Endpoint = string | { readonly uri: string; readonly authentication?: AuthenticationUse };

export interface ExternalResource {
  readonly name?: string;
  readonly endpoint: Endpoint;
}

export interface Catalog {
  readonly endpoint: Endpoint;
}

/** An authentication in place, or the name of one in `use.authentications`. */
export type AuthenticationUse = { readonly use: string } | Authentication;

/** Exactly one scheme; `use` in a scheme is the name of a secret with its fields. */
export type Authentication =
  | { readonly basic: SecretUse | { readonly username: string; readonly password: string } }
  | { readonly bearer: SecretUse | { readonly token: string } }
  | { readonly digest: SecretUse | { readonly username: string; readonly password: string } }
  | { readonly oauth2: SecretUse | OAuth2 }
  | { readonly oidc: SecretUse | OAuth2 };

interface SecretUse {
  readonly use: string;
}

/** How to get a token: RFC 6749 for `oauth2`, discovery first for `oidc`. */
interface OAuth2 {
  readonly authority: string;
  readonly grant:
    | "authorization_code"
    | "client_credentials"
    | "password"
    | "refresh_token"
    | "urn:ietf:params:oauth:grant-type:token-exchange";
  /** Paths under the authority; for `oauth2` only. */
  readonly endpoints?: {
    readonly token?: string;
    readonly revocation?: string;
    readonly introspection?: string;
  };
  readonly client?: {
    readonly id?: string;
    readonly secret?: string;
    readonly assertion?: string;
    readonly authentication?:
      | "client_secret_basic"
      | "client_secret_post"
      | "client_secret_jwt"
      | "private_key_jwt"
      | "none";
  };
  readonly request?: { readonly encoding?: "application/x-www-form-urlencoded" | "application/json" };
  readonly issuers?: readonly string[];
  readonly scopes?: readonly string[];
  readonly audiences?: readonly string[];
  readonly username?: string;
  readonly password?: string;
  readonly subject?: OAuth2Token;
  readonly actor?: OAuth2Token;
}

interface OAuth2Token {
  readonly token: string;
  readonly type: string;
}

/** Attributes of an event, to emit or to compare with; extension attributes are allowed. */
export type EventProperties = Partial<CloudEvent>;

/** Which events to take: all of the filters, any of them (perhaps until something), or one. */
export type EventStrategy =
  | { readonly all: readonly EventFilter[] }
  | { readonly any: readonly EventFilter[]; readonly until?: string | EventStrategy }
  | { readonly one: EventFilter };

/** Which event is meant. */
export interface EventFilter {
  readonly with: EventProperties;
  readonly correlate?: Readonly<Record<string, Correlation>>;
}

/** `from` takes a value out of the event; it must equal `expect`, or, without one, what the first event gave. */
interface Correlation {
  readonly from: string;
  readonly expect?: string;
}
