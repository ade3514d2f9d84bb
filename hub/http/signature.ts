import { createHmac, timingSafeEqual } from "node:crypto";
import { ComityError } from "#kernel/errors.js";

/** How far the sender's clock may be from the hub's, in either direction. */
const toleranceMs = 5 * 60_000;
/** Signatures in one header: a sender that changes its secret sends two. */
const maxSignatures = 10;

/** The headers of a signed call, as the Standard Webhooks convention names them. */
export interface SignedHeaders {
  /** `webhook-id`: the sender's name for the call, the same when it is repeated. */
  readonly id: string;
  /** `webhook-timestamp`: seconds since 1970. */
  readonly timestamp: string;
  /** `webhook-signature`: one or more `v1,BASE64`, with spaces between them. */
  readonly signature: string;
}

/**
 * The signature of a call: HMAC-SHA256 over `id.timestamp.body`, as the Standard Webhooks convention has it. A secret that begins with `whsec_` is
 * base64 behind that, another one is taken as it is.
 */
function signatureOf(
  secret: string,
  call: Pick<SignedHeaders, "id" | "timestamp">,
  body: Uint8Array,
): Buffer {
  const prefix = "whsec_";
  const key = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), "base64") : secret;
  return createHmac("sha256", key).update(`${call.id}.${call.timestamp}.`).update(body).digest();
}

/** Throws `SIGNATURE_WRONG` unless the call was signed with the secret, and not long ago. */
export function checkSignature(secret: string, call: SignedHeaders, body: Uint8Array, nowMs: number): void {
  const seconds = /^\d{1,12}$/.test(call.timestamp) ? Number(call.timestamp) : Number.NaN;
  // The signature first: who does not know the secret learns nothing of the hub's clock.
  const right = signatureOf(secret, call, body);
  const given = call.signature.split(" ").slice(0, maxSignatures);
  if (!given.map((one) => isSame(one, right)).includes(true))
    throw wrong("The call is not signed with the secret of this webhook.");
  if (!(Math.abs(nowMs - seconds * 1000) <= toleranceMs))
    throw wrong("The call was signed more than 5 minutes ago, or will be.");
}

/** Compares in a time that tells nothing. */
function isSame(text: string, right: Buffer): boolean {
  if (!text.startsWith("v1,")) return false;
  const given = Buffer.from(text.slice(3), "base64");
  return given.length === right.length && timingSafeEqual(given, right);
}

/** What a call with a wrong signature gets, whatever is wrong with it. */
export const wrong = (message: string): ComityError =>
  new ComityError("SIGNATURE_WRONG", message, {
    hint: "Sign `webhook-id.webhook-timestamp.body` with the webhook's secret, as docs/reference/events.md shows; check the sender's clock.",
  });
