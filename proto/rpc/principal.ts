import type { PeerCertificate } from "node:tls";
import type { Metadata } from "@grpc/grpc-js";
import { ComityError } from "#kernel/errors.js";
import type { SiteId } from "#kernel/ids.js";

export const roles = ["admin", "coordinator", "steward", "auditor", "viewer"] as const;
export type Role = (typeof roles)[number];

/** The agent of a site, known by its client certificate. */
export interface AgentPrincipal {
  readonly kind: "agent";
  readonly site: SiteId;
  /** Serial number of the certificate, upper-case hexadecimal. */
  readonly serial: string;
  /** When the certificate ends, in milliseconds since 1970. A stream may outlive it: whoever holds one must look. */
  readonly notAfterMs: number;
}

/** A person, known by a bearer token. */
export interface OperatorPrincipal {
  readonly kind: "operator";
  readonly name: string;
  readonly role: Role;
}

/** Who calls. */
export type Principal = { readonly kind: "anyone" } | AgentPrincipal | OperatorPrincipal;

/** What is known of a caller before anybody has said who it is. */
interface Caller {
  /** `ip:port`, as the listener's `cut` takes it. */
  readonly peer: string;
  readonly metadata: Metadata;
  /** The verified client certificate, if the listener asks for one. The same object for all calls of a connection. */
  certificate(): PeerCertificate | undefined;
}

/** Says who calls a method (`/comity.v1.Agent/Upload`), or throws: before a byte of the request is parsed. */
export type Authorise = (method: string, caller: Caller) => Principal | Promise<Principal>;

/** The agent that calls; any other caller is refused. */
export function requireAgent({ principal }: { readonly principal: Principal }): AgentPrincipal {
  if (principal.kind === "agent") return principal;
  throw new ComityError("PERMISSION_DENIED", "Only the agent of a site may call this.");
}

/** The operator that calls; any other caller is refused. */
export function requireOperator({ principal }: { readonly principal: Principal }): OperatorPrincipal {
  if (principal.kind === "operator") return principal;
  throw new ComityError("PERMISSION_DENIED", "Only an operator may call this.");
}

/** The token of an `authorization: Bearer …` header, if there is exactly one. */
export function bearerToken(metadata: Metadata): string | undefined {
  const [value, ...more] = metadata.get("authorization");
  if (typeof value !== "string" || more.length > 0) return undefined;
  return /^Bearer +([\x21-\x7e]+)$/i.exec(value)?.[1];
}
