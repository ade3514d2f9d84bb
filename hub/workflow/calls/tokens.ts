import { hashBytes } from "#kernel/files.js";
import { canonicalJson } from "#kernel/json.js";
import type { HttpClient } from "./client.js";
import { callFailure } from "./failures.js";
import type { CallAuthentication, OAuthSettings } from "./forms.js";
import { requestToken } from "./oauth.js";

/** A token is not used any more so long before its end. */
const marginMs = 30_000;
/** Tokens that are kept; the oldest goes first. */
const maxTokens = 1000;

interface Kept {
  readonly token: string;
  readonly endsAtMs: number;
}

/** Tokens of OAuth 2.0 and OpenID Connect, kept in memory while they are good. Nothing of them is written anywhere. */
export class Tokens {
  readonly #client: HttpClient;
  /** By the digest of all that a token was asked for with. */
  readonly #kept = new Map<string, Kept>();

  constructor(client: HttpClient) {
    this.#client = client;
  }

  async get(authentication: CallAuthentication, signal: AbortSignal): Promise<string> {
    const key = keyOf(authentication);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.endsAtMs > Date.now()) return kept.token;
    this.#kept.delete(key);
    const { settings, discover } = settingsOf(authentication);
    const { token, lifetimeMs } = await requestToken(this.#client, settings, discover, signal);
    const endsAtMs = Date.now() + (lifetimeMs ?? 0) - marginMs;
    if (endsAtMs > Date.now()) this.#kept.set(key, { token, endsAtMs });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxTokens && oldest !== undefined) this.#kept.delete(oldest);
    return token;
  }

  /** Whether a token was kept, which is now gone. */
  forget(authentication: CallAuthentication): boolean {
    return this.#kept.delete(keyOf(authentication));
  }
}

const keyOf = (authentication: CallAuthentication): string => hashBytes(canonicalJson(authentication));

function settingsOf(authentication: CallAuthentication): { settings: OAuthSettings; discover: boolean } {
  if ("oauth2" in authentication && "authority" in authentication.oauth2)
    return { settings: authentication.oauth2, discover: false };
  if ("oidc" in authentication && "authority" in authentication.oidc)
    return { settings: authentication.oidc, discover: true };
  throw callFailure("configuration", "The authentication names a secret that is not in place");
}
