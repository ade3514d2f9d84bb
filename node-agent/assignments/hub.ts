import type { AgentClient } from "#proto/generated/comity/v1/Agent.js";
import type { FromAgent } from "#proto/generated/comity/v1/FromAgent.js";

/** A connection to the hub with a session on it. */
export interface HubLink {
  readonly agent: AgentClient;
  /** `host:port`, for messages. */
  readonly address: string;
  /** Fires when the session has broken off, so that calls on the same connection are not waited for. */
  readonly lost: AbortSignal;
}

/** How the assignments reach the hub. The session may come and go meanwhile. */
export interface HubPort {
  /** Sends over the session. Lost when there is none, which does no harm: the next Hello tells what is held, and the hub offers the rest again. */
  send(message: FromAgent): void;
  /** The present connection, or the next one. Rejects when the signal fires. */
  link(signal: AbortSignal): Promise<HubLink>;
}
