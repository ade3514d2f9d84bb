import type { Json, JsonObject } from "#kernel/json.js";
import type { CloudEvent } from "#proto/codec/cloud-event.js";

/** An object of whole numbers, an ISO 8601 text such as `PT5M`, or an expression that gives such a text. */
export type Duration = string | DurationObject;

export const durationParts = ["days", "hours", "minutes", "seconds", "milliseconds"] as const;
export type DurationObject = Readonly<Partial<Record<(typeof durationParts)[number], number>>>;

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
export type ErrorFilter = Partial<WorkflowError>;

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

/** The ways to say who calls. */
export const authenticationSchemes = ["basic", "bearer", "digest", "oauth2", "oidc"] as const;

/**
 * Exactly one scheme with its settings, which `part-forms.ts` checks and `hub/workflow/calls` reads; `use` in them is the name of a secret
 * with its fields.
 */
export type Authentication = Readonly<Partial<Record<(typeof authenticationSchemes)[number], JsonObject>>>;

/** How `oauth2` and `oidc` get a token (RFC 6749, RFC 8693). */
export const oauthGrants = [
  "authorization_code",
  "client_credentials",
  "password",
  "refresh_token",
  "urn:ietf:params:oauth:grant-type:token-exchange",
] as const;

/** How they say which client asks. */
export const clientAuthentications = [
  "client_secret_basic",
  "client_secret_post",
  "client_secret_jwt",
  "private_key_jwt",
  "none",
] as const;

/** In which form they ask. */
export const tokenEncodings = ["application/x-www-form-urlencoded", "application/json"] as const;

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
