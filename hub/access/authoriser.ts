import type { PeerCertificate } from "node:tls";
import { siteOfCertificate } from "#certs/identity.js";
import { siteRevoked } from "#hub/sites/renewal.js";
import type { Revocations } from "#hub/sites/revocations.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import {
  type AgentPrincipal,
  type Authorise,
  bearerToken,
  type OperatorPrincipal,
  type Principal,
} from "#proto/rpc/principal.js";
import type { Operators } from "./operators.js";
import { mayCall } from "./table.js";

const anyone: Principal = { kind: "anyone" };

/** Says who calls, and refuses who may not: for both of the hub's listeners. */
export class Authoriser {
  readonly #parts: { operators: Operators; revocations: Revocations; trustDomain: string; clock: Clock };
  readonly #agents = new WeakMap<PeerCertificate, AgentPrincipal>();

  constructor(parts: { operators: Operators; revocations: Revocations; trustDomain: string; clock: Clock }) {
    this.#parts = parts;
  }

  /** Throws `UNAUTHENTICATED`, `CERTIFICATE_INVALID`, `SITE_REVOKED` or `PERMISSION_DENIED`. */
  readonly authorise: Authorise = (method, caller) => {
    if (mayCall(method, anyone)) return anyone;
    const certificate = caller.certificate();
    if (certificate !== undefined) return allow(method, this.#agentOf(certificate));
    const token = bearerToken(caller.metadata);
    if (token !== undefined)
      return this.#parts.operators.verify(token).then((operator) => allow(method, operator));
    throw new ComityError("UNAUTHENTICATED", `${method} needs an identity.`, {
      hint: "Send one header `authorization: Bearer TOKEN` with an operator's token.",
    });
  };

  #agentOf(certificate: PeerCertificate): AgentPrincipal {
    const { revocations, trustDomain, clock } = this.#parts;
    const agent = this.#agents.get(certificate) ?? readAgent(certificate, trustDomain);
    this.#agents.set(certificate, agent);
    // A connection outlives both: what was right at its handshake may be wrong now.
    if (revocations.isRevoked(agent.site) || revocations.isRevoked(agent.serial))
      throw siteRevoked(agent.site);
    if (clock.nowMs() > agent.notAfterMs) {
      throw new ComityError("CERTIFICATE_INVALID", `The certificate of ${agent.site} has ended.`, {
        hint: "Connect anew with the renewed certificate.",
      });
    }
    return agent;
  }
}

function allow(method: string, caller: AgentPrincipal | OperatorPrincipal): Principal {
  if (mayCall(method, caller)) return caller;
  const who = caller.kind === "operator" ? `an operator with the role ${caller.role}` : "the agent of a site";
  throw new ComityError("PERMISSION_DENIED", `${method} is not for ${who}.`, {
    hint: "docs/reference/access.md shows who may call what.",
  });
}

function readAgent(certificate: PeerCertificate, trustDomain: string): AgentPrincipal {
  const site = siteOfCertificate(certificate, trustDomain);
  return {
    kind: "agent",
    site,
    serial: certificate.serialNumber.toUpperCase(),
    notAfterMs: Date.parse(certificate.valid_to),
  };
}
