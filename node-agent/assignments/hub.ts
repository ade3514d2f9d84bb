import type { FromAgent } from "#proto/generated/comity/v1/FromAgent.js";
import type { RpcChannel } from "#proto/rpc/channel.js";

/** A connection to the hub with a session on it. */
export interface HubLink {
  readonly channel: RpcChannel;
  /** Fires when the session has broken off, with a retryable error as its reason: calls on the same connection are not waited for. */
  readonly lost: AbortSignal;
  /** Keeps the connection open while a call uses it, also when a newer one has taken its place; the returned function lets it go. */
  hold(): () => void;
}

/** How the assignments reach the hub. The session may come and go meanwhile. */
export interface HubPort {
  /** Sends over the session. Lost when there is none, which does no harm: the next Hello tells what is held, and the hub offers the rest again. */
  send(message: FromAgent): void;
  /** The present connection, or the next one. Rejects when the signal fires. */
  link(signal: AbortSignal): Promise<HubLink>;
}
